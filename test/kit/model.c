/* SPDX-License-Identifier: Apache-2.0 */
/* See model.h. */
#include "kit/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/graph.h"
#include "onnx/schema.h"
#include "op/onnx_rule.h"
#include "op/rig.h"

void model_init(model *m, oc_context *context, int opset) {
    m->context = context;
    m->opset = opset;
    m->ir_version = 7;
    oc__string_init(&m->graph, context);
    oc__string_init(&m->attributes, context);
    oc__string_init(&m->head, context);
}

void model_finish(model *m) {
    oc__string_finish(&m->graph);
    oc__string_finish(&m->attributes);
    oc__string_finish(&m->head);
}

/* Moves a message into the field of another. */
static void put(oc__string *to, uint32_t number, oc__string *message) {
    oc__wire_put_bytes(to, number, message->text, message->size);
    oc__string_finish(message);
}

static void begin_attribute(model *m, oc__string *attr, const char *name) {
    oc__string_init(attr, m->context);
    oc__wire_put_text(attr, ATTRIBUTE_NAME, name);
}

static void end_attribute(model *m, oc__string *attr, int type) {
    oc__wire_put_varint(attr, ATTRIBUTE_TYPE, (uint64_t)type);
    put(&m->attributes, NODE_ATTRIBUTE, attr);
}

void model_int(model *m, const char *name, int64_t value) {
    oc__string attr;
    begin_attribute(m, &attr, name);
    oc__wire_put_varint(&attr, ATTRIBUTE_I, (uint64_t)value);
    end_attribute(m, &attr, 2);
}

void model_float(model *m, const char *name, float value) {
    oc__string attr;
    begin_attribute(m, &attr, name);
    oc__wire_put_float(&attr, ATTRIBUTE_F, value);
    end_attribute(m, &attr, 1);
}

void model_text(model *m, const char *name, const char *text) {
    oc__string attr;
    begin_attribute(m, &attr, name);
    oc__wire_put_text(&attr, ATTRIBUTE_S, text);
    end_attribute(m, &attr, 3);
}

void model_ints(model *m, const char *name, int count, ...) {
    oc__string attr;
    va_list values;
    begin_attribute(m, &attr, name);
    va_start(values, count);
    for (int i = 0; i < count; i++)
        oc__wire_put_varint(&attr, ATTRIBUTE_INTS, (uint64_t)va_arg(values, int64_t));
    va_end(values);
    end_attribute(m, &attr, 7);
}

void model_body(model *m, const char *name, model *body) {
    oc__string attr;
    begin_attribute(m, &attr, name);
    put(&attr, ATTRIBUTE_G, &body->graph);
    model_finish(body);
    end_attribute(m, &attr, 5);
}

void model_reference(model *m, const char *name, int type, const char *attribute) {
    oc__string attr;
    begin_attribute(m, &attr, name);
    oc__wire_put_text(&attr, ATTRIBUTE_REFERENCE, attribute);
    end_attribute(m, &attr, type);
}

void model_domain(model *m, const char *domain) {
    oc__wire_put_text(&m->attributes, NODE_DOMAIN, domain);
}

static void put_names(oc__string *node, uint32_t number, const char *names) {
    char copy[400];
    snprintf(copy, sizeof(copy), "%s", names);
    for (char *name = strtok(copy, " "); name != NULL; name = strtok(NULL, " "))
        oc__wire_put_text(node, number, strcmp(name, "-") == 0 ? "" : name);
}

void model_node(model *m, const char *type, const char *in, const char *out) {
    oc__string node;
    oc__string_init(&node, m->context);
    put_names(&node, NODE_INPUT, in);
    put_names(&node, NODE_OUTPUT, out);
    oc__wire_put_text(&node, NODE_TYPE, type);
    oc__string_append_n(&node, m->attributes.text, m->attributes.size);
    oc__string_finish(&m->attributes);
    oc__string_init(&m->attributes, m->context);
    put(&m->graph, GRAPH_NODE, &node);
}

static void put_dims(model *m, oc__string *shape, const char *dims) {
    char copy[200];
    snprintf(copy, sizeof(copy), "%s", dims);
    for (char *text = strtok(copy, ","); text != NULL; text = strtok(NULL, ",")) {
        oc__string dim;
        oc__string_init(&dim, m->context);
        if (text[0] >= '0' && text[0] <= '9')
            oc__wire_put_varint(&dim, DIM_SIZE, strtoull(text, NULL, 10));
        else if (text[0] != '?')
            oc__wire_put_text(&dim, DIM_PARAM, text);
        put(shape, SHAPE_DIM, &dim);
    }
}

void model_input(model *m, const char *name, int type, const char *dims) {
    oc__string shape, tensor, kind, value;
    oc__string_init(&shape, m->context);
    oc__string_init(&tensor, m->context);
    oc__string_init(&kind, m->context);
    oc__string_init(&value, m->context);
    put_dims(m, &shape, dims);
    oc__wire_put_varint(&tensor, TENSOR_TYPE_ELEMENT, (uint64_t)type);
    put(&tensor, TENSOR_TYPE_SHAPE, &shape);
    put(&kind, TYPE_TENSOR, &tensor);
    oc__wire_put_text(&value, VALUE_NAME, name);
    put(&value, VALUE_TYPE, &kind);
    put(&m->graph, GRAPH_INPUT, &value);
}

void model_output(model *m, const char *name) {
    oc__string value;
    oc__string_init(&value, m->context);
    oc__wire_put_text(&value, VALUE_NAME, name);
    put(&m->graph, GRAPH_OUTPUT, &value);
}

static void begin_tensor(model *m, oc__string *tensor, const char *name, int type, const char *dims) {
    char copy[200];
    oc__string_init(tensor, m->context);
    snprintf(copy, sizeof(copy), "%s", dims);
    for (char *text = strtok(copy, ","); text != NULL; text = strtok(NULL, ","))
        oc__wire_put_varint(tensor, TENSOR_DIMS, strtoull(text, NULL, 10));
    oc__wire_put_varint(tensor, TENSOR_TYPE, (uint64_t)type);
    oc__wire_put_text(tensor, TENSOR_NAME, name);
}

void model_raw(model *m, const char *name, int type, const char *dims, const void *data, size_t size) {
    oc__string tensor;
    uint8_t *little = malloc(size + 1);
    memcpy(little, data, size);
    oc__swap_to_little(little, size, oc_dtype_size(oc__onnx_dtype(type)));
    begin_tensor(m, &tensor, name, type, dims);
    oc__wire_put_bytes(&tensor, TENSOR_RAW, little, size);
    free(little);
    put(&m->graph, GRAPH_INITIALIZER, &tensor);
}

void model_floats(model *m, const char *name, const char *dims, const float *values, int count) {
    model_raw(m, name, ONNX_FLOAT32, dims, values, (size_t)count * sizeof(float));
}

void model_longs(model *m, const char *name, const char *dims, int count, ...) {
    oc__string tensor;
    va_list values;
    begin_tensor(m, &tensor, name, ONNX_INT64, dims);
    va_start(values, count);
    for (int i = 0; i < count; i++)
        oc__wire_put_varint(&tensor, TENSOR_INT64S, (uint64_t)va_arg(values, int64_t));
    va_end(values);
    put(&m->graph, GRAPH_INITIALIZER, &tensor);
}

void model_field(model *m, const char *name, int type, const char *dims, const oc__string *field) {
    oc__string tensor;
    begin_tensor(m, &tensor, name, type, dims);
    oc__string_append_n(&tensor, field->text, field->size);
    put(&m->graph, GRAPH_INITIALIZER, &tensor);
}

void model_constant(model *m, const char *name, int count, ...) {
    oc__string tensor, attr;
    va_list values;
    char dims[24] = "";
    if (count > 0)
        snprintf(dims, sizeof(dims), "%d", count);
    begin_tensor(m, &tensor, "", ONNX_INT64, dims);
    va_start(values, count);
    for (int i = 0; i < (count > 0 ? count : 1); i++)
        oc__wire_put_varint(&tensor, TENSOR_INT64S, (uint64_t)va_arg(values, int64_t));
    va_end(values);
    begin_attribute(m, &attr, "value");
    put(&attr, ATTRIBUTE_T, &tensor);
    end_attribute(m, &attr, 4);
    model_node(m, "Constant", "", name);
}

/* Nodes, and attributes that were made for no node: defaults. */
void model_function(model *m, const char *name, const char *in, const char *out, model *body) {
    oc__string function, opset;
    oc__string_init(&function, m->context);
    oc__string_init(&opset, m->context);
    oc__wire_put_text(&function, FUNCTION_NAME, name);
    oc__wire_put_text(&function, FUNCTION_DOMAIN, "own");
    put_names(&function, FUNCTION_INPUT, in);
    put_names(&function, FUNCTION_OUTPUT, out);
    oc__wire_put_varint(&opset, OPSET_VERSION, (uint64_t)body->opset);
    put(&function, FUNCTION_OPSET, &opset);
    oc__span graph = {(const uint8_t *)body->graph.text, body->graph.size};
    oc__span defaults = {(const uint8_t *)body->attributes.text, body->attributes.size};
    oc__wire_field field;
    for (oc__wire wire = oc__wire_init(graph); oc__wire_next(&wire, &field);)
        oc__wire_put_bytes(&function, FUNCTION_NODE, field.bytes.data, field.bytes.size);
    for (oc__wire wire = oc__wire_init(defaults); oc__wire_next(&wire, &field);)
        oc__wire_put_bytes(&function, FUNCTION_DEFAULT, field.bytes.data, field.bytes.size);
    model_finish(body);
    put(&m->head, MODEL_FUNCTION, &function);
}

void model_metadata(model *m, const char *key, const char *text) {
    oc__string entry;
    oc__string_init(&entry, m->context);
    oc__wire_put_text(&entry, ENTRY_KEY, key);
    oc__wire_put_text(&entry, ENTRY_VALUE, text);
    put(&m->head, MODEL_METADATA, &entry);
}

void model_bytes(const model *m, oc__string *out) {
    oc__string opset;
    oc__string_init(out, m->context);
    oc__string_init(&opset, m->context);
    oc__wire_put_varint(out, MODEL_IR_VERSION, (uint64_t)m->ir_version);
    oc__wire_put_varint(&opset, OPSET_VERSION, (uint64_t)m->opset);
    oc__wire_put_bytes(out, MODEL_GRAPH, m->graph.text, m->graph.size);
    put(out, MODEL_OPSET, &opset);
    oc__string_append_n(out, m->head.text, m->head.size);
    assert_false(out->failed);
}

static void changed_byte(oc_context *context, const oc__string *bytes) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_status status = oc_onnx_read_memory(&graph, context, bytes->text, bytes->size, NULL, &err);
    assert_true((status == OC_OK) == (graph != NULL));
    assert_true(status == OC_OK || err.text[0] != 0);
    oc_graph_destroy(&graph);
}

void model_changed_bytes(oc_context *context, oc__string *bytes) {
    const uint8_t masks[] = {0x01, 0x80, 0xff, 0x10};
    for (size_t at = 0; at < bytes->size; at++) {
        for (size_t i = 0; i < sizeof(masks); i++) {
            bytes->text[at] ^= (char)masks[i];
            changed_byte(context, bytes);
            bytes->text[at] ^= (char)masks[i];
        }
    }
}

oc_status model_read(const model *m, oc_graph **out, oc_error *err) {
    oc__string bytes;
    model_bytes(m, &bytes);
    oc_status status = oc_onnx_read_memory(out, m->context, bytes.text, bytes.size, NULL, err);
    oc__string_finish(&bytes);
    return status;
}

/* Numbers in halves, between -4 and 4, that depend on name and index. */
static double small_number(const char *name, int64_t index, oc_dtype dtype) {
    uint32_t hash = 2166136261u;
    for (const char *at = name; *at != 0; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    hash = (hash ^ (uint32_t)index) * 2654435761u;
    int value = (int)(hash >> 20 & 15) - 8;
    return oc__is_float(dtype) ? value * 0.5 : dtype == OC_BOOL || dtype == OC_U8 ? value & 1 : value & 3;
}

static double *make_value(const oc_value *value) {
    int64_t count = oc_shape_count(&value->shape);
    double *array = calloc((size_t)count + 1, sizeof(*array));
    assert_non_null(array);
    for (int64_t i = 0; i < count; i++) {
        if (value->data != NULL)
            array[i] = oc__element_get(value->dtype, oc_tensor_get_data(value->data), i);
        else
            array[i] = small_number(value->name, i, value->dtype);
    }
    return array;
}

int64_t model_compute(oc_graph *graph, int64_t n, size_t index, double **out) {
    oc_error err = {0};
    oc_graph *bound;
    const oc__copy_params params = {.bind = true, .default_dim = n};
    KIT_OK(oc__graph_copy(&bound, graph, &params, &err), &err);
    double **values = calloc(bound->value_count + 1, sizeof(*values));
    assert_non_null(values);
    for (size_t i = 0; i < bound->value_count; i++)
        if (bound->values[i]->kind == OC_VALUE_INPUT || bound->values[i]->kind == OC_VALUE_STATE)
            values[i] = make_value(bound->values[i]);
    KIT_OK(oc__graph_interpret(bound, values, &err), &err);
    const oc_value *value = bound->outputs[index].value;
    int64_t count = oc_shape_count(&value->shape);
    *out = calloc((size_t)count + 1, sizeof(**out));
    assert_non_null(*out);
    memcpy(*out, values[value->id], (size_t)count * sizeof(double));
    for (size_t i = 0; i < bound->value_count; i++)
        if (bound->values[i]->kind == OC_VALUE_INPUT || bound->values[i]->kind == OC_VALUE_STATE)
            free(values[i]);
    oc__graph_interpret_finish(bound, values);
    free(values);
    oc_graph_destroy(&bound);
    return count;
}

void model_give_states(oc_graph *graph) {
    oc_error err = {0};
    for (size_t i = 0; i < graph->state_count; i++) {
        oc_value *state = graph->states[i];
        if (state->data != NULL)
            continue;
        KIT_OK(oc_tensor_create(&state->data, graph->context, NULL, state->dtype, &state->shape, &err), &err);
        for (int64_t k = 0; k < oc_tensor_get_count(state->data); k++)
            oc__element_set(state->dtype, oc_tensor_get_data(state->data), k, small_number(state->name, k, state->dtype));
    }
}

void model_same(oc_graph *a, oc_graph *b, int64_t n) {
    assert_int_equal(oc_graph_output_count(a), oc_graph_output_count(b));
    for (size_t i = 0; i < oc_graph_output_count(a); i++) {
        double *x, *y;
        int64_t count = model_compute(a, n, i, &x);
        assert_int_equal(count, model_compute(b, n, i, &y));
        assert_string_equal(oc_graph_get_output(a, i).name, oc_graph_get_output(b, i).name);
        assert_int_equal(oc_graph_get_output(a, i).dtype, oc_graph_get_output(b, i).dtype);
        for (int64_t k = 0; k < count; k++)
            if (!(x[k] == y[k] || (isnan(x[k]) && isnan(y[k])) || fabs(x[k] - y[k]) < 1e-6 * (1 + fabs(x[k]))))
                fail_msg("output %zu, element %lld: %.9g and %.9g", i, (long long)k, x[k], y[k]);
        free(x);
        free(y);
    }
}

const char *model_data(const char *sub) {
    static char path[600];
    const char *folder = getenv("OCELLI_DATA");
    if (folder == NULL || access(folder, R_OK) != 0) {
        print_message("skipped: there is no data folder (OCELLI_DATA)\n");
        return NULL;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, sub);
    return access(path, R_OK) == 0 ? path : NULL;
}

static oc_value *constant_of(oc_graph *graph, const oc_shape *shape, const float *data, oc_error *err) {
    float numbers[256];
    oc_tensor *tensor;
    assert_true(data != NULL || oc_shape_count(shape) <= 256);
    for (int i = 0; i < 256; i++)
        numbers[i] = (float)(i + 1);
    KIT_OK(oc_tensor_wrap(&tensor, graph->context, OC_F32, shape, (void *)(data != NULL ? data : numbers), err), err);
    oc_value *value = oc_graph_constant(graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return value;
}

void model_gives(oc_context *context, oc_value *(*build)(oc_graph *graph, oc_value **x, oc_error *err), const oc_shape *shapes,
                 const float *const *data, int count, const double *want, size_t want_count) {
    oc_error err = {0};
    oc_graph *graph;
    oc_value *x[8];
    double *got;
    KIT_OK(oc_graph_create(&graph, context, &err), &err);
    for (int i = 0; i < count; i++)
        x[i] = constant_of(graph, &shapes[i], data != NULL ? data[i] : NULL, &err);
    KIT_OK(oc_graph_output(graph, "y", build(graph, x, &err), &err), &err);
    assert_int_equal(model_compute(graph, 1, 0, &got), want_count);
    for (size_t i = 0; i < want_count; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-5 * (1 + fabs(want[i]))))
            fail_msg("element %zu is %g and should be %g", i, got[i], want[i]);
    free(got);
    oc_graph_destroy(&graph);
}
