/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

typedef oc_value_info (*get_info)(const oc_plan *plan, size_t index);

static oc_status make_tensors(app *app, const oc_plan *plan, get_info get, oc_binding **out, size_t *count, oc_error *err) {
    size_t total = 0;
    while (get(plan, total).name != NULL)
        total++;
    *out = calloc(total + 1, sizeof(**out));
    *count = *out == NULL ? 0 : total;
    for (size_t i = 0; i < *count; i++) {
        oc_value_info info = get(plan, i);
        (*out)[i].name = info.name;
        oc_status status = oc_tensor_create(&(*out)[i].tensor, app->context, NULL, info.dtype, &info.shape, err);
        if (status != OC_OK)
            return status;
    }
    return *out == NULL ? OC_ERROR_MEMORY : OC_OK;
}

oc_status session_open(session *session, app *app, const oc_graph *graph, oc_state *state, const oc_plan_params *params,
                       oc_error *err) {
    memset(session, 0, sizeof(*session));
    size_t count = params != NULL && params->policy != NULL ? app->device_count : 1;
    oc_status status = oc_plan_create(&session->plan, graph, app->devices, count, params, err);
    if (status == OC_OK)
        status = oc_exec_create(&session->exec, session->plan, state, err);
    if (status == OC_OK)
        status = make_tensors(app, session->plan, oc_plan_get_input, &session->inputs, &session->input_count, err);
    if (status == OC_OK)
        status = make_tensors(app, session->plan, oc_plan_get_output, &session->outputs, &session->output_count, err);
    if (status != OC_OK)
        session_close(session);
    return status;
}

static void free_tensors(oc_binding *bindings, size_t count) {
    for (size_t i = 0; i < count; i++)
        oc_tensor_destroy(&bindings[i].tensor);
    free(bindings);
}

void session_close(session *session) {
    free_tensors(session->inputs, session->input_count);
    free_tensors(session->outputs, session->output_count);
    oc_exec_destroy(&session->exec);
    oc_plan_destroy(&session->plan);
    memset(session, 0, sizeof(*session));
}

oc_status session_run(session *session, oc_error *err) {
    return oc_exec_run(session->exec, session->inputs, session->input_count, session->outputs, session->output_count, err);
}

static oc_tensor *find_in(const oc_binding *bindings, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(bindings[i].name, name) == 0)
            return bindings[i].tensor;
    return NULL;
}

oc_tensor *session_find(const session *session, const char *name) {
    oc_tensor *tensor = find_in(session->inputs, session->input_count, name);
    return tensor != NULL ? tensor : find_in(session->outputs, session->output_count, name);
}
