/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/model.h"

#include <string.h>

#include "onnx/schema.h"

typedef struct parser {
    oc__arena *arena;
    oc_error *err;
} parser;

static oc_status fail(const parser *p, oc_status status, const char *text) {
    return oc__fail(p->arena->context, p->err, status, "%s", text);
}

static oc_status allocate(const parser *p, void **out, size_t count, size_t size) {
    uint64_t bytes;
    if (!oc__mul_u64(count, size, &bytes) || (*out = oc__arena_alloc(p->arena, (size_t)bytes + 1)) == NULL)
        return oc__fail_memory(p->arena->context, p->err, count * size);
    return OC_OK;
}

static oc_status read_text(const parser *p, oc__span bytes, const char **out) {
    void *copy;
    if (bytes.size > 0 && memchr(bytes.data, 0, bytes.size) != NULL)
        return fail(p, OC_ERROR_FORMAT, "a name or text in the model holds a zero byte");
    OC_TRY(allocate(p, &copy, (size_t)bytes.size, 1));
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    *out = copy;
    return OC_OK;
}

static size_t count_field(oc__span message, uint32_t number) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    size_t count = 0;
    while (oc__wire_next(&wire, &field))
        count += field.number == number;
    return count;
}

static size_t count_numbers(oc__span message, uint32_t number, oc__wire_type type) {
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    size_t count = 0;
    while (oc__wire_next_number(&wire, &packed, number, type, &value))
        count++;
    return count;
}

static oc_status read_entry(const parser *p, oc__span message, oc__onnx_text *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->key = out->text = "";
    while (oc__wire_next(&wire, &field))
        if (field.number == ENTRY_KEY || field.number == ENTRY_VALUE)
            OC_TRY(read_text(p, field.bytes, field.number == ENTRY_KEY ? &out->key : &out->text));
    return OC_OK;
}

static oc_status read_external(const parser *p, oc__span message, oc__onnx_tensor *out) {
    oc__onnx_text entry;
    OC_TRY(read_entry(p, message, &entry));
    if (strcmp(entry.key, "location") == 0) {
        out->location = entry.text;
        return OC_OK;
    }
    bool offset = strcmp(entry.key, "offset") == 0;
    if (!offset && strcmp(entry.key, "length") != 0)
        return OC_OK;
    const char *end;
    int64_t value;
    if (!oc__parse_int64(entry.text, &end, &value) || *end != 0 || value < 0)
        return fail(p, OC_ERROR_FORMAT, "the offset or length of external data is no number");
    if (offset)
        out->external_offset = (uint64_t)value;
    else
        out->external_size = (uint64_t)value;
    out->has_external_size |= !offset;
    return OC_OK;
}

static oc_status read_dims(const parser *p, oc__span message, oc_shape *out) {
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    while (oc__wire_next_number(&wire, &packed, TENSOR_DIMS, OC_WIRE_VARINT, &value)) {
        if (out->rank == OC_MAX_RANK)
            return fail(p, OC_ERROR_UNSUPPORTED, "a tensor has more than 8 axes");
        if (value > OC_ONNX_MAX_SIZE)
            return fail(p, OC_ERROR_FORMAT, "a tensor has a size that is negative or beyond 2^48");
        out->dims[out->rank++] = (int64_t)value;
    }
    if (oc_shape_count(out) < 0)
        return fail(p, OC_ERROR_FORMAT, "a tensor has more elements than 63 bits can count");
    return OC_OK;
}

oc_status oc__onnx_tensor_parse(oc__onnx_tensor *out, oc__arena *arena, oc__span message, bool checked, oc_error *err) {
    const parser p = {arena, err};
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    *out = (oc__onnx_tensor){.name = "", .message = message};
    if (!checked)
        OC_TRY(oc__wire_check(arena->context, message, &oc__onnx_tensor_message, err));
    while (oc__wire_next(&wire, &field)) {
        if (field.number == TENSOR_TYPE)
            out->type = (int64_t)field.value;
        else if (field.number == TENSOR_NAME)
            OC_TRY(read_text(&p, field.bytes, &out->name));
        else if (field.number == TENSOR_RAW)
            out->raw = field.bytes;
        else if (field.number == TENSOR_EXTERNAL)
            OC_TRY(read_external(&p, field.bytes, out));
        else if (field.number == TENSOR_LOCATION)
            out->external = field.value == 1;
    }
    return read_dims(&p, message, &out->shape);
}

static oc_status read_dim(const parser *p, oc__span message, oc__onnx_dim *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    *out = (oc__onnx_dim){-1, ""};
    while (oc__wire_next(&wire, &field)) {
        if (field.number == DIM_SIZE && field.value <= INT64_MAX && field.value > OC_ONNX_MAX_SIZE)
            return fail(p, OC_ERROR_LIMIT, "an input or output has a size beyond 2^48");
        if (field.number == DIM_SIZE) /* some write -1 for a size that is not known */
            *out = (oc__onnx_dim){field.value > INT64_MAX ? -1 : (int64_t)field.value, ""};
        else if (field.number == DIM_PARAM) {
            out->size = -1;
            OC_TRY(read_text(p, field.bytes, &out->param));
        }
    }
    return OC_OK;
}

static oc_status read_shape(const parser *p, oc__span message, oc__onnx_value *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->has_shape = true;
    out->rank = 0;
    while (oc__wire_next(&wire, &field)) {
        if (field.number != SHAPE_DIM)
            continue;
        if (out->rank == OC_MAX_RANK)
            return fail(p, OC_ERROR_UNSUPPORTED, "a value of the model has more than 8 axes");
        OC_TRY(read_dim(p, field.bytes, &out->dims[out->rank++]));
    }
    return OC_OK;
}

static oc_status read_type(const parser *p, oc__span message, oc__onnx_value *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field, part;
    while (oc__wire_next(&wire, &field)) {
        if (field.number != TYPE_TENSOR)
            continue;
        oc__wire tensor = oc__wire_init(field.bytes);
        while (oc__wire_next(&tensor, &part)) {
            if (part.number == TENSOR_TYPE_ELEMENT)
                out->type = (int64_t)part.value;
            else if (part.number == TENSOR_TYPE_SHAPE)
                OC_TRY(read_shape(p, part.bytes, out));
        }
    }
    return OC_OK;
}

static oc_status read_value(const parser *p, oc__span message, oc__onnx_value *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->name = "";
    while (oc__wire_next(&wire, &field)) {
        if (field.number == VALUE_NAME)
            OC_TRY(read_text(p, field.bytes, &out->name));
        else if (field.number == VALUE_TYPE)
            OC_TRY(read_type(p, field.bytes, out));
    }
    return OC_OK;
}

/* Files of IR version 1 leave `type` out: then it is what is there. */
static oc__onnx_attr_kind guess_kind(const oc__onnx_attr *attr, uint32_t number) {
    static const uint8_t kinds[] = {[ATTRIBUTE_F] = OC_ONNX_FLOAT,   [ATTRIBUTE_I] = OC_ONNX_INT,
                                    [ATTRIBUTE_S] = OC_ONNX_STRING,  [ATTRIBUTE_T] = OC_ONNX_TENSOR,
                                    [ATTRIBUTE_G] = OC_ONNX_GRAPH,   [ATTRIBUTE_FLOATS] = OC_ONNX_FLOATS,
                                    [ATTRIBUTE_INTS] = OC_ONNX_INTS};
    return number < OC_COUNT(kinds) && kinds[number] != 0 ? (oc__onnx_attr_kind)kinds[number] : attr->kind;
}

static float float_of(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return value;
}

static oc_status read_lists(const parser *p, oc__span message, oc__onnx_attr *out) {
    bool ints = out->kind == OC_ONNX_INTS;
    if (!ints && out->kind != OC_ONNX_FLOATS)
        return OC_OK;
    uint32_t number = ints ? ATTRIBUTE_INTS : ATTRIBUTE_FLOATS;
    oc__wire_type type = ints ? OC_WIRE_VARINT : OC_WIRE_FIXED32;
    out->count = count_numbers(message, number, type);
    void *items;
    OC_TRY(allocate(p, &items, out->count, ints ? sizeof(int64_t) : sizeof(float)));
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    for (size_t i = 0; oc__wire_next_number(&wire, &packed, number, type, &value); i++) {
        if (ints)
            ((int64_t *)items)[i] = (int64_t)value;
        else
            ((float *)items)[i] = float_of(value);
    }
    out->ints = ints ? items : NULL;
    out->floats = ints ? NULL : items;
    return OC_OK;
}

static oc_status read_attribute(const parser *p, oc__span message, oc__onnx_attr *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    uint64_t declared = 0;
    out->name = out->s = "";
    while (oc__wire_next(&wire, &field)) {
        out->kind = guess_kind(out, field.number);
        if (field.number == ATTRIBUTE_NAME)
            OC_TRY(read_text(p, field.bytes, &out->name));
        else if (field.number == ATTRIBUTE_F)
            out->f = float_of(field.value);
        else if (field.number == ATTRIBUTE_I)
            out->i = (int64_t)field.value;
        else if (field.number == ATTRIBUTE_S && memchr(field.bytes.data, 0, field.bytes.size) == NULL)
            OC_TRY(read_text(p, field.bytes, &out->s));
        else if (field.number == ATTRIBUTE_T) {
            out->message = field.bytes.data;
            out->message_size = field.bytes.size;
        } else if (field.number == ATTRIBUTE_TYPE)
            declared = field.value;
        else if (field.number == ATTRIBUTE_REFERENCE)
            return fail(p, OC_ERROR_UNSUPPORTED, "an attribute refers to a function's; functions are not supported");
    }
    if (declared != 0)
        out->kind = declared > 100 ? 100 : (oc__onnx_attr_kind)declared;
    return read_lists(p, message, out);
}

static oc_status read_names(const parser *p, oc__span message, uint32_t number, const char ***out, int *count) {
    size_t total = count_field(message, number), i = 0;
    void *names;
    if (total > INT16_MAX)
        return fail(p, OC_ERROR_UNSUPPORTED, "a node has more than 32767 inputs or outputs");
    OC_TRY(allocate(p, &names, total, sizeof(char *)));
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field))
        if (field.number == number)
            OC_TRY(read_text(p, field.bytes, &((const char **)names)[i++]));
    *out = names;
    *count = (int)total;
    return OC_OK;
}

static oc_status read_node(const parser *p, oc__span message, oc__onnx_node *out) {
    size_t attr_count = count_field(message, NODE_ATTRIBUTE);
    void *attrs;
    if (attr_count > INT16_MAX)
        return fail(p, OC_ERROR_UNSUPPORTED, "a node has more than 32767 attributes");
    OC_TRY(allocate(p, &attrs, attr_count, sizeof(oc__onnx_attr)));
    *out = (oc__onnx_node){.type = "", .domain = "", .name = "", .attrs = attrs};
    OC_TRY(read_names(p, message, NODE_INPUT, &out->in, &out->in_count));
    OC_TRY(read_names(p, message, NODE_OUTPUT, &out->out, &out->out_count));
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == NODE_NAME)
            OC_TRY(read_text(p, field.bytes, &out->name));
        else if (field.number == NODE_TYPE)
            OC_TRY(read_text(p, field.bytes, &out->type));
        else if (field.number == NODE_DOMAIN)
            OC_TRY(read_text(p, field.bytes, &out->domain));
        else if (field.number == NODE_ATTRIBUTE)
            OC_TRY(read_attribute(p, field.bytes, &out->attrs[out->attr_count++]));
    }
    while (out->in_count > 0 && out->in[out->in_count - 1][0] == 0)
        out->in_count--;
    return OC_OK;
}

static oc_status read_graph(const parser *p, oc__span message, oc__onnx_model *out) {
    void *nodes, *initializers, *inputs, *outputs;
    OC_TRY(allocate(p, &nodes, count_field(message, GRAPH_NODE), sizeof(oc__onnx_node)));
    OC_TRY(allocate(p, &initializers, count_field(message, GRAPH_INITIALIZER), sizeof(oc__onnx_tensor)));
    OC_TRY(allocate(p, &inputs, count_field(message, GRAPH_INPUT), sizeof(oc__onnx_value)));
    OC_TRY(allocate(p, &outputs, count_field(message, GRAPH_OUTPUT), sizeof(oc__onnx_value)));
    out->nodes = nodes;
    out->initializers = initializers;
    out->inputs = inputs;
    out->outputs = outputs;
    out->sparse_count = count_field(message, GRAPH_SPARSE);
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == GRAPH_NODE)
            OC_TRY(read_node(p, field.bytes, &out->nodes[out->node_count++]));
        else if (field.number == GRAPH_INITIALIZER)
            OC_TRY(oc__onnx_tensor_parse(&out->initializers[out->initializer_count++], p->arena, field.bytes, true, p->err));
        else if (field.number == GRAPH_INPUT)
            OC_TRY(read_value(p, field.bytes, &out->inputs[out->input_count++]));
        else if (field.number == GRAPH_OUTPUT)
            OC_TRY(read_value(p, field.bytes, &out->outputs[out->output_count++]));
    }
    return OC_OK;
}

static oc_status read_opset(const parser *p, oc__span message, oc__onnx_model *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    const char *domain = "";
    int64_t version = 0;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == OPSET_DOMAIN)
            OC_TRY(read_text(p, field.bytes, &domain));
        else if (field.number == OPSET_VERSION)
            version = (int64_t)field.value;
    }
    if (domain[0] == 0 || strcmp(domain, "ai.onnx") == 0)
        out->opset = version;
    return OC_OK;
}

static oc_status read_model(const parser *p, oc__span message, oc__onnx_model *out) {
    size_t graphs = count_field(message, MODEL_GRAPH);
    void *metadata;
    if (graphs != 1)
        return fail(p, OC_ERROR_FORMAT, graphs == 0 ? "no ONNX model: there is no graph in it" : "the model has two graphs");
    OC_TRY(allocate(p, &metadata, count_field(message, MODEL_METADATA), sizeof(oc__onnx_text)));
    out->metadata = metadata;
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == MODEL_IR_VERSION)
            out->ir_version = (int64_t)field.value;
        else if (field.number == MODEL_OPSET)
            OC_TRY(read_opset(p, field.bytes, out));
        else if (field.number == MODEL_METADATA)
            OC_TRY(read_entry(p, field.bytes, &out->metadata[out->metadata_count++]));
        else if (field.number == MODEL_GRAPH)
            OC_TRY(read_graph(p, field.bytes, out));
    }
    return OC_OK;
}

oc_status oc__onnx_model_init(oc__onnx_model *model, oc_context *context, oc__span data, oc_error *err) {
    OC_TRY(oc__wire_check(context, data, &oc__onnx_model_message, err));
    *model = (oc__onnx_model){.opset = -1};
    oc__arena_init(&model->arena, context);
    const parser p = {&model->arena, err};
    oc_status status = read_model(&p, data, model);
    if (status != OC_OK)
        oc__onnx_model_finish(model);
    return status;
}

void oc__onnx_model_finish(oc__onnx_model *model) {
    oc__arena_finish(&model->arena);
}
