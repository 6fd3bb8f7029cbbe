/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <ocelli/onnx.h>
#include <ocelli/version.h>

#include "onnx/schema.h"
#include "onnx/writer.h"

#define IR_VERSION 8

/* An initializer: its elements come from a literal, from a state's first value, or from the oc_state. */
typedef struct source {
    const char *name;
    oc_dtype dtype;
    oc_shape shape;
    const void *data; /* NULL: the state's */
} source;

static void put_shape(oc__onnx_writer *writer, oc__string *out, const oc_shape *shape) {
    for (int i = 0; i < shape->rank; i++) {
        oc__string dim;
        oc__string_init(&dim, writer->context);
        if (shape->dims[i] >= 0)
            oc__wire_put_varint(&dim, DIM_SIZE, (uint64_t)shape->dims[i]);
        else {
            char buffer[24];
            oc__wire_put_text(&dim, DIM_PARAM, oc__symbols_text(&writer->graph->symbols, shape->dims[i], buffer));
        }
        oc__wire_put_bytes(out, SHAPE_DIM, dim.text, dim.size);
        out->failed |= dim.failed;
        oc__string_finish(&dim);
    }
}

static void put_value(oc__onnx_writer *writer, oc__string *out, uint32_t field, const char *name, const oc_value *value) {
    oc__string parts[4]; /* shape, in a tensor type, in a type, in a value */
    for (int i = 0; i < 4; i++)
        oc__string_init(&parts[i], writer->context);
    put_shape(writer, &parts[0], &value->shape);
    oc__wire_put_varint(&parts[1], TENSOR_TYPE_ELEMENT, (uint64_t)oc__onnx_dtype_number(value->dtype));
    oc__wire_put_bytes(&parts[1], TENSOR_TYPE_SHAPE, parts[0].text, parts[0].size);
    oc__wire_put_bytes(&parts[2], TYPE_TENSOR, parts[1].text, parts[1].size);
    oc__wire_put_text(&parts[3], VALUE_NAME, name);
    oc__wire_put_bytes(&parts[3], VALUE_TYPE, parts[2].text, parts[2].size);
    oc__wire_put_bytes(out, field, parts[3].text, parts[3].size);
    for (int i = 0; i < 4; i++) {
        out->failed |= parts[i].failed;
        oc__string_finish(&parts[i]);
    }
}

static void put_entry(oc__string *out, const char *key, const char *text) {
    oc__string entry;
    oc__string_init(&entry, out->context);
    oc__wire_put_text(&entry, ENTRY_KEY, key);
    oc__wire_put_text(&entry, ENTRY_VALUE, text);
    oc__wire_put_bytes(out, MODEL_METADATA, entry.text, entry.size);
    out->failed |= entry.failed;
    oc__string_finish(&entry);
}

static void put_opset(oc__string *out, const char *domain, int version) {
    oc__string opset;
    oc__string_init(&opset, out->context);
    oc__wire_put_text(&opset, OPSET_DOMAIN, domain);
    oc__wire_put_varint(&opset, OPSET_VERSION, (uint64_t)version);
    oc__wire_put_bytes(out, MODEL_OPSET, opset.text, opset.size);
    out->failed |= opset.failed;
    oc__string_finish(&opset);
}

static const char *domain_of(const oc__onnx_writer *writer, size_t node) {
    const oc__onnx_rule *rule = oc__onnx_node_needed(writer, writer->graph->nodes[node]) ? oc__onnx_rule_of(writer->graph->nodes[node]->op) : NULL;
    return rule == NULL ? NULL : rule->domain;
}

/* Of the caller's own operators; each once. */
static void put_domains(const oc__onnx_writer *writer, oc__string *out) {
    for (size_t i = 0; i < writer->graph->node_count; i++) {
        const char *domain = domain_of(writer, i);
        size_t k = 0;
        while (domain != NULL && k < i && (domain_of(writer, k) == NULL || strcmp(domain_of(writer, k), domain) != 0))
            k++;
        if (domain != NULL && k == i)
            put_opset(out, domain, 1);
    }
}

static void put_model_head(oc__onnx_writer *writer, oc__string *out) {
    oc__wire_put_varint(out, MODEL_IR_VERSION, writer->opset >= 19 ? IR_VERSION + 1 : IR_VERSION);
    oc__wire_put_text(out, MODEL_PRODUCER, "ocelli");
    oc__wire_put_text(out, MODEL_PRODUCER_VERSION, oc_version_text());
    put_opset(out, "", writer->opset);
    put_domains(writer, out);
    for (size_t i = 0; i < writer->graph->metadata_count; i++)
        put_entry(out, writer->graph->metadata[i].key, writer->graph->metadata[i].text);
}

static void put_graph_tail(oc__onnx_writer *writer, oc__string *out) {
    const oc_graph *graph = writer->graph;
    oc__wire_put_text(out, GRAPH_NAME, "ocelli");
    for (size_t i = 0; i < graph->input_count; i++)
        if (writer->needed[graph->inputs[i]->id])
            put_value(writer, out, GRAPH_INPUT, graph->inputs[i]->name, graph->inputs[i]);
    for (size_t i = 0; i < graph->output_count; i++)
        put_value(writer, out, GRAPH_OUTPUT, graph->outputs[i].name, graph->outputs[i].value);
}

/* Everything of an initializer but its elements. */
static uint64_t put_initializer_head(oc__string *out, const source *from) {
    uint64_t bytes = (uint64_t)oc_shape_count(&from->shape) * oc_dtype_size(from->dtype);
    oc__string head;
    oc__string_init(&head, out->context);
    for (int i = 0; i < from->shape.rank; i++)
        oc__wire_put_varint(&head, TENSOR_DIMS, (uint64_t)from->shape.dims[i]);
    oc__wire_put_varint(&head, TENSOR_TYPE, (uint64_t)oc__onnx_dtype_number(from->dtype));
    oc__wire_put_text(&head, TENSOR_NAME, from->name);
    oc__wire_put_head(&head, TENSOR_RAW, bytes);
    oc__wire_put_head(out, GRAPH_INITIALIZER, head.size + bytes);
    oc__string_append_n(out, head.text, head.size);
    out->failed |= head.failed;
    oc__string_finish(&head);
    return bytes;
}

static oc_status put_elements(oc__onnx_writer *writer, oc__file_writer *file, const source *from, oc_error *err) {
    oc_tensor *copy;
    OC_TRY(oc_tensor_create(&copy, writer->context, NULL, from->dtype, &from->shape, err));
    oc_status status = OC_OK;
    if (from->data == NULL)
        status = oc_state_read(writer->state, from->name, copy, err);
    else
        status = oc_tensor_write(copy, from->data, oc_tensor_get_bytes(copy), err);
    if (status == OC_OK) {
        oc__swap_to_little(oc_tensor_get_data(copy), oc_tensor_get_bytes(copy), oc_dtype_size(from->dtype));
        status = oc__file_writer_put(file, oc_tensor_get_data(copy), oc_tensor_get_bytes(copy), err);
    }
    oc_tensor_destroy(&copy);
    return status;
}

/* The i-th initializer; false past the end. */
static bool get_source(const oc__onnx_writer *writer, size_t *at, source *out) {
    const oc_graph *graph = writer->graph;
    for (; *at < graph->value_count; (*at)++) {
        const oc_value *value = graph->values[*at];
        if (!writer->needed[*at] || value->kind != OC_VALUE_STATE)
            continue;
        const void *data = value->data != NULL && writer->state == NULL ? oc_tensor_get_data(value->data) : NULL;
        *out = (source){writer->names[*at], value->dtype, value->shape, data};
        return true;
    }
    size_t skip = *at - graph->value_count;
    const oc__onnx_literal *literal = writer->literals;
    while (literal != NULL && skip-- > 0)
        literal = literal->next;
    if (literal != NULL)
        *out = (source){literal->name, literal->dtype, {literal->rank, {literal->rank == 0 ? 0 : literal->count}}, literal->data};
    return literal != NULL;
}

static oc_status measure(oc__onnx_writer *writer, uint64_t *size, oc_error *err) {
    source from;
    for (size_t at = 0; get_source(writer, &at, &from); at++) {
        oc__string head;
        if (from.data == NULL && writer->state == NULL && oc_shape_count(&from.shape) > 0)
            return oc__fail(writer->context, err, OC_ERROR_INVALID,
                            "the state '%s' has no value yet: write the model with the oc_state that holds it", from.name);
        oc__string_init(&head, writer->context);
        uint64_t bytes = put_initializer_head(&head, &from);
        *size += head.size + bytes;
        bool failed = head.failed;
        oc__string_finish(&head);
        if (failed)
            return oc__fail_memory(writer->context, err, 256);
    }
    return OC_OK;
}

static oc_status put_initializers(oc__onnx_writer *writer, oc__file_writer *file, oc_error *err) {
    source from;
    for (size_t at = 0; get_source(writer, &at, &from); at++) {
        oc__string head;
        oc__string_init(&head, writer->context);
        put_initializer_head(&head, &from);
        oc_status status = head.failed ? oc__fail_memory(writer->context, err, 256)
                                       : oc__file_writer_put(file, head.text, head.size, err);
        oc__string_finish(&head);
        if (status == OC_OK && oc_shape_count(&from.shape) > 0)
            status = put_elements(writer, file, &from, err);
        if (status != OC_OK)
            return status;
    }
    return OC_OK;
}

static oc_status put_file(oc__onnx_writer *writer, const char *path, oc__string *head, const oc__string *tail, oc_error *err) {
    uint64_t size = writer->nodes.size + tail->size;
    oc__file_writer file;
    OC_TRY(measure(writer, &size, err));
    oc__wire_put_head(head, MODEL_GRAPH, size);
    if (head->failed || tail->failed)
        return oc__fail_memory(writer->context, err, head->size);
    OC_TRY(oc__file_writer_init(&file, writer->context, path, err));
    oc_status status = oc__file_writer_put(&file, head->text, head->size, err);
    if (status == OC_OK)
        status = oc__file_writer_put(&file, writer->nodes.text, writer->nodes.size, err);
    if (status == OC_OK)
        status = put_initializers(writer, &file, err);
    if (status == OC_OK)
        status = oc__file_writer_put(&file, tail->text, tail->size, err);
    if (status == OC_OK)
        return oc__file_writer_commit(&file, err);
    oc__file_writer_cancel(&file);
    return status;
}

oc_status oc__onnx_writer_save(oc__onnx_writer *writer, const char *path, oc_error *err) {
    oc__string head, tail;
    oc__string_init(&head, writer->context);
    oc__string_init(&tail, writer->context);
    put_model_head(writer, &head);
    put_graph_tail(writer, &tail);
    oc_status status = put_file(writer, path, &head, &tail, err);
    oc__string_finish(&head);
    oc__string_finish(&tail);
    return status;
}

oc_status oc_onnx_write(const oc_graph *graph, oc_state *state, const char *path, oc_error *err) {
    oc__onnx_writer writer = {.context = graph->context, .graph = graph, .state = state, .taken = {.context = graph->context},
                                .node_names = {.context = graph->context}};
    OC_TRY(oc_graph_check(graph, err));
    oc__arena_init(&writer.arena, graph->context);
    oc__string_init(&writer.nodes, graph->context);
    oc_status status = oc__onnx_writer_mark(&writer, err);
    if (status == OC_OK)
        status = oc__onnx_writer_name(&writer, err);
    if (status == OC_OK)
        status = oc__onnx_writer_emit(&writer, err);
    if (status == OC_OK)
        status = oc__onnx_writer_save(&writer, path, err);
    oc__string_finish(&writer.nodes);
    oc__onnx_names_finish(&writer.taken);
    oc__onnx_names_finish(&writer.node_names);
    oc__arena_finish(&writer.arena);
    return status;
}
