/* SPDX-License-Identifier: MIT */
/* Inside of the broker: the loop. */
#ifndef SBP_BROKER_SERVE_H
#define SBP_BROKER_SERVE_H

#include "broker.h"

/* Waits up to `ms` (-1: for ever) and answers what is there: how many; -ECANCELED: the broker is to stop. */
int sbp_broker_wait_and_serve(struct sbp_broker *broker, int ms);

/* Only by who serves, or when nobody does. */
void sbp_broker_disconnect(struct sbp_broker *broker, struct sbp_connection *connection);

#endif
