/* SPDX-License-Identifier: Apache-2.0 */
/* A model that is ready to run: graph, plan, exec, and a host tensor for each input and output. */
#ifndef SESSION_H
#define SESSION_H

#include "app.h"

typedef struct session {
    oc_plan *plan;
    oc_exec *exec;
    oc_binding *inputs, *outputs;
    size_t input_count, output_count;
} session;

/* Makes plan, exec and zeroed tensors, on the first device, or on all if the params name a policy. state may be NULL. On failure err holds the reason and nothing is left. */
oc_status session_open(session *session, app *app, const oc_graph *graph, oc_state *state, const oc_plan_params *params,
                       oc_error *err);
void session_close(session *session);
/* All inputs in, all outputs out. */
oc_status session_run(session *session, oc_error *err);
oc_tensor *session_find(const session *session, const char *name); /* an input or output, NULL: none */

#endif
