/* SPDX-License-Identifier: Apache-2.0 */
/* Values, gradients and losses of a check, on the host and on the device. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/rig.h"
#include "train/gradcheck.h"

static int64_t count_of(const oc_value *value) {
    return oc_shape_count(&value->shape);
}

static double *array_of(const oc__gradcheck *c, const oc_value *value) {
    return oc__alloc_array(c->context, (size_t)OC_MAX(count_of(value), 1), sizeof(double));
}

static oc_status to_doubles(oc__gradcheck *c, const oc_value *value, const oc_tensor *tensor, double **out, oc_error *err) {
    if (!(*out = array_of(c, value)))
        return oc__fail_memory(c->context, err, (size_t)count_of(value) * sizeof(double));
    for (int64_t i = 0; i < count_of(value); i++)
        (*out)[i] = oc__element_get(value->dtype, oc_tensor_get_data(tensor), i);
    return OC_OK;
}

static oc_status make_inputs(oc__gradcheck *c, oc_error *err) {
    const oc_graph *graph = c->forward;
    if (!(c->inputs = oc__alloc_array(c->context, graph->input_count + 1, sizeof(*c->inputs))))
        return oc__fail_memory(c->context, err, graph->input_count * sizeof(*c->inputs));
    for (size_t i = 0; i < graph->input_count; i++) {
        const oc_value *x = graph->inputs[i];
        oc_binding *to = &c->inputs[i];
        to->name = x->name;
        OC_TRY(oc_tensor_create(&to->tensor, c->context, NULL, x->dtype, &x->shape, err));
        for (int64_t k = 0; k < count_of(x) && oc__is_real(x->dtype); k++)
            oc__element_set(x->dtype, oc_tensor_get_data(to->tensor), k, oc__random_normal(c->params.seed, i, (uint64_t)k));
        OC_TRY(to_doubles(c, x, to->tensor, &c->values[x->id], err));
    }
    return OC_OK;
}

static oc_status read_states(oc__gradcheck *c, oc_error *err) {
    OC_TRY(oc_state_create(&c->state, c->device, c->graph, c->params.seed, err));
    for (size_t i = 0; i < c->forward->state_count; i++) {
        const oc_value *state = c->forward->states[i];
        oc_tensor *tensor = NULL;
        oc_status status = oc_tensor_create(&tensor, c->context, NULL, state->dtype, &state->shape, err);
        if (status == OC_OK)
            status = oc_state_read(c->state, state->name, tensor, err);
        if (status == OC_OK)
            status = to_doubles(c, state, tensor, &c->values[state->id], err);
        oc_tensor_destroy(&tensor);
        OC_TRY(status);
    }
    return OC_OK;
}

/* A run on the device of all outputs of a graph whose names begin with a prefix; `take` gets each. */
static oc_status device_gradients(oc__gradcheck *c, oc_error *err) {
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    oc_status status = oc_plan_create(&plan, c->graph, &c->device, 1, NULL, err);
    if (status == OC_OK)
        status = oc_exec_create(&exec, plan, c->state, err);
    if (status == OC_OK)
        status = oc_exec_run(exec, c->inputs, c->forward->input_count, NULL, 0, err);
    for (size_t i = 0; status == OC_OK && i < c->forward->state_count; i++) {
        const oc_value *state = c->forward->states[i];
        oc_tensor *tensor = NULL;
        const char *name = oc__arena_printf(&c->graph->arena, OC_GRADIENT_PREFIX "%s", state->name);
        if (!oc__gradcheck_checked(state))
            continue;
        status = name ? oc_tensor_create(&tensor, c->context, NULL, state->dtype, &state->shape, err) : oc__fail_memory(c->context, err, 64);
        if (status == OC_OK)
            status = oc__exec_read(exec, name, tensor, err);
        if (status == OC_OK)
            status = to_doubles(c, state, tensor, &c->device_gradients[i], err);
        oc_tensor_destroy(&tensor);
    }
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    return status;
}

/* Inputs and states of the graph with gradients are those of the one without. */
static oc_status interpret_gradients(oc__gradcheck *c, double **values, oc_error *err) {
    const oc_graph *graph = c->graph;
    for (size_t i = 0; i < graph->input_count + graph->state_count; i++) {
        const oc_value *value = i < graph->input_count ? graph->inputs[i] : graph->states[i - graph->input_count];
        values[value->id] = c->values[oc_graph_find(c->forward, value->name)->id];
    }
    OC_TRY(oc__graph_interpret(graph, values, err));
    for (size_t i = 0; i < c->forward->state_count; i++) {
        const oc_value *state = c->forward->states[i];
        const char *name = oc__arena_printf(&c->graph->arena, OC_GRADIENT_PREFIX "%s", state->name);
        if (!oc__gradcheck_checked(state))
            continue;
        if (!name || !(c->gradients[i] = array_of(c, state)))
            return oc__fail_memory(c->context, err, (size_t)count_of(state) * sizeof(double));
        memcpy(c->gradients[i], values[oc_graph_find(graph, name)->id], (size_t)count_of(state) * sizeof(double));
    }
    return OC_OK;
}

static oc_status host_gradients(oc__gradcheck *c, oc_error *err) {
    double **values = oc__alloc_array(c->context, c->graph->value_count + 1, sizeof(*values));
    if (!values)
        return oc__fail_memory(c->context, err, c->graph->value_count * sizeof(*values));
    oc_status status = interpret_gradients(c, values, err);
    oc__graph_interpret_finish(c->graph, values);
    oc__free(c->context, values);
    return status;
}

/* A run on the device. Only outputs are rounded: they are summed in double precision. loss NULL: their size is wanted. */
static oc_status outputs_loss(oc__gradcheck *c, double *loss, oc_error *err) {
    double sum = 0, squares = 0;
    OC_TRY(oc_exec_run(c->exec, c->inputs, c->forward->input_count, c->outputs, c->forward->output_count, err));
    for (size_t i = 0; i < c->forward->output_count; i++) {
        const oc_value *y = c->forward->outputs[i].value;
        for (int64_t k = 0; k < count_of(y) && oc__is_real(y->dtype); k++) {
            double part = oc__gradcheck_weight(c, i, k) * oc__element_get(y->dtype, oc_tensor_get_data(c->outputs[i].tensor), k);
            sum += part;
            squares += part * part;
        }
    }
    if (loss)
        *loss = sum;
    else
        c->size = sqrt(squares);
    return OC_OK;
}

static oc_status make_exec(oc__gradcheck *c, oc_error *err) {
    if (!(c->outputs = oc__alloc_array(c->context, c->forward->output_count + 1, sizeof(*c->outputs))))
        return oc__fail_memory(c->context, err, c->forward->output_count * sizeof(*c->outputs));
    for (size_t i = 0; i < c->forward->output_count; i++) {
        const oc_value *y = c->forward->outputs[i].value;
        c->outputs[i].name = c->forward->outputs[i].name;
        OC_TRY(oc_tensor_create(&c->outputs[i].tensor, c->context, NULL, y->dtype, &y->shape, err));
    }
    OC_TRY(oc_plan_create(&c->plan, c->forward, &c->device, 1, NULL, err));
    OC_TRY(oc_exec_create(&c->exec, c->plan, c->state, err));
    return outputs_loss(c, NULL, err);
}

oc_status oc__gradcheck_start(oc__gradcheck *c, oc_error *err) {
    size_t states = c->forward->state_count;
    c->values = oc__alloc_array(c->context, c->forward->value_count + 1, sizeof(*c->values));
    c->gradients = oc__alloc_array(c->context, states + 1, sizeof(*c->gradients));
    c->device_gradients = oc__alloc_array(c->context, states + 1, sizeof(*c->device_gradients));
    if (!c->values || !c->gradients || !c->device_gradients)
        return oc__fail_memory(c->context, err, states * sizeof(*c->gradients));
    OC_TRY(make_inputs(c, err));
    OC_TRY(read_states(c, err));
    OC_TRY(device_gradients(c, err));
    return c->host ? host_gradients(c, err) : make_exec(c, err);
}

static oc_status host_loss(oc__gradcheck *c, double *loss, oc_error *err) {
    OC_TRY(oc__graph_interpret(c->forward, c->values, err));
    for (size_t i = 0; i < c->forward->output_count; i++) {
        const oc_value *y = c->forward->outputs[i].value;
        for (int64_t k = 0; k < count_of(y) && oc__is_real(y->dtype); k++)
            *loss += oc__gradcheck_weight(c, i, k) * c->values[y->id][k];
    }
    oc__graph_interpret_finish(c->forward, c->values);
    return OC_OK;
}

static oc_status device_loss(oc__gradcheck *c, const oc_value *state, double *loss, oc_error *err) {
    oc_tensor *tensor = NULL;
    OC_TRY(oc_tensor_create(&tensor, c->context, NULL, state->dtype, &state->shape, err));
    for (int64_t i = 0; i < count_of(state); i++)
        oc__element_set(state->dtype, oc_tensor_get_data(tensor), i, c->values[state->id][i]);
    oc_status status = oc_state_write(c->state, state->name, tensor, err);
    oc_tensor_destroy(&tensor);
    return status == OC_OK ? outputs_loss(c, loss, err) : status;
}

oc_status oc__gradcheck_loss(oc__gradcheck *c, const oc_value *state, double *loss, oc_error *err) {
    *loss = 0;
    return c->host ? host_loss(c, loss, err) : device_loss(c, state, loss, err);
}

static void free_arrays(oc__gradcheck *c, double **arrays, size_t count) {
    for (size_t i = 0; arrays && i < count; i++)
        oc__free(c->context, arrays[i]);
    oc__free(c->context, arrays);
}

static void free_bindings(oc__gradcheck *c, oc_binding *bindings, size_t count) {
    for (size_t i = 0; bindings && i < count; i++)
        oc_tensor_destroy(&bindings[i].tensor);
    oc__free(c->context, bindings);
}

void oc__gradcheck_finish(oc__gradcheck *c) {
    oc_exec_destroy(&c->exec);
    oc_plan_destroy(&c->plan);
    oc_state_destroy(&c->state);
    if (c->forward) {
        free_arrays(c, c->values, c->forward->value_count);
        free_arrays(c, c->gradients, c->forward->state_count);
        free_arrays(c, c->device_gradients, c->forward->state_count);
        free_bindings(c, c->inputs, c->forward->input_count);
        free_bindings(c, c->outputs, c->forward->output_count);
    }
    oc_graph_destroy(&c->graph);
    oc_graph_destroy(&c->forward);
}
