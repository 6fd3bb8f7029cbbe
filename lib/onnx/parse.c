/* SPDX-License-Identifier: Apache-2.0 */
/* Names, tensors, and types of values. */
#include "onnx/parse.h"

#include <string.h>

#include "onnx/schema.h"

oc_status oc__onnx_parse_fail(const oc__onnx_parser *p, oc_status status, const char *text) {
    return oc__fail(p->arena->context, p->err, status, "%s", text);
}

oc_status oc__onnx_parse_array(const oc__onnx_parser *p, void **out, size_t count, size_t size) {
    uint64_t bytes;
    if (!oc__mul_u64(count, size, &bytes) || (*out = oc__arena_alloc(p->arena, (size_t)bytes + 1)) == NULL)
        return oc__fail_memory(p->arena->context, p->err, count * size);
    return OC_OK;
}

oc_status oc__onnx_parse_text(const oc__onnx_parser *p, oc__span bytes, const char **out) {
    void *copy;
    if (bytes.size > 0 && memchr(bytes.data, 0, bytes.size) != NULL)
        return oc__onnx_parse_fail(p, OC_ERROR_FORMAT, "a name or text in the model holds a zero byte");
    OC_TRY(oc__onnx_parse_array(p, &copy, (size_t)bytes.size, 1));
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    *out = copy;
    return OC_OK;
}

size_t oc__onnx_parse_count(oc__span message, uint32_t number) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    size_t count = 0;
    while (oc__wire_next(&wire, &field))
        count += field.number == number;
    return count;
}

oc_status oc__onnx_parse_names(const oc__onnx_parser *p, oc__span message, uint32_t number, const char ***out, int *count) {
    size_t total = oc__onnx_parse_count(message, number), i = 0;
    void *names;
    if (total > INT16_MAX)
        return oc__onnx_parse_fail(p, OC_ERROR_UNSUPPORTED, "a node has more than 32767 inputs or outputs");
    OC_TRY(oc__onnx_parse_array(p, &names, total, sizeof(char *)));
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field))
        if (field.number == number)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &((const char **)names)[i++]));
    *out = names;
    *count = (int)total;
    return OC_OK;
}

oc_status oc__onnx_parse_entry(const oc__onnx_parser *p, oc__span message, oc__onnx_text *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->key = out->text = "";
    while (oc__wire_next(&wire, &field))
        if (field.number == ENTRY_KEY || field.number == ENTRY_VALUE)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, field.number == ENTRY_KEY ? &out->key : &out->text));
    return OC_OK;
}

static oc_status read_external(const oc__onnx_parser *p, oc__span message, oc__onnx_tensor *out) {
    oc__onnx_text entry;
    OC_TRY(oc__onnx_parse_entry(p, message, &entry));
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
        return oc__onnx_parse_fail(p, OC_ERROR_FORMAT, "the offset or length of external data is no number");
    if (offset)
        out->external_offset = (uint64_t)value;
    else
        out->external_size = (uint64_t)value;
    out->has_external_size |= !offset;
    return OC_OK;
}

static oc_status read_dims(const oc__onnx_parser *p, oc__span message, oc_shape *out) {
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    while (oc__wire_next_number(&wire, &packed, TENSOR_DIMS, OC_WIRE_VARINT, &value)) {
        if (out->rank == OC_MAX_RANK)
            return oc__onnx_parse_fail(p, OC_ERROR_UNSUPPORTED, "a tensor has more than 8 axes");
        if (value > OC_ONNX_MAX_SIZE)
            return oc__onnx_parse_fail(p, OC_ERROR_FORMAT, "a tensor has a size that is negative or beyond 2^48");
        out->dims[out->rank++] = (int64_t)value;
    }
    if (oc_shape_count(out) < 0)
        return oc__onnx_parse_fail(p, OC_ERROR_FORMAT, "a tensor has more elements than 63 bits can count");
    return OC_OK;
}

oc_status oc__onnx_tensor_parse(oc__onnx_tensor *out, oc__arena *arena, oc__span message, bool checked, oc_error *err) {
    const oc__onnx_parser p = {arena, err};
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    *out = (oc__onnx_tensor){.name = "", .message = message};
    if (!checked)
        OC_TRY(oc__wire_check(arena->context, message, &oc__onnx_tensor_message, err));
    while (oc__wire_next(&wire, &field)) {
        if (field.number == TENSOR_TYPE)
            out->type = (int64_t)field.value;
        else if (field.number == TENSOR_NAME)
            OC_TRY(oc__onnx_parse_text(&p, field.bytes, &out->name));
        else if (field.number == TENSOR_RAW)
            out->raw = field.bytes;
        else if (field.number == TENSOR_EXTERNAL)
            OC_TRY(read_external(&p, field.bytes, out));
        else if (field.number == TENSOR_LOCATION)
            out->external = field.value == 1;
    }
    return read_dims(&p, message, &out->shape);
}

static oc_status read_dim(const oc__onnx_parser *p, oc__span message, oc__onnx_dim *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    *out = (oc__onnx_dim){-1, ""};
    while (oc__wire_next(&wire, &field)) {
        if (field.number == DIM_SIZE && field.value <= INT64_MAX && field.value > OC_ONNX_MAX_SIZE)
            return oc__onnx_parse_fail(p, OC_ERROR_LIMIT, "an input or output has a size beyond 2^48");
        if (field.number == DIM_SIZE) /* some write -1 for a size that is not known */
            *out = (oc__onnx_dim){field.value > INT64_MAX ? -1 : (int64_t)field.value, ""};
        else if (field.number == DIM_PARAM) {
            out->size = -1;
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->param));
        }
    }
    return OC_OK;
}

static oc_status read_shape(const oc__onnx_parser *p, oc__span message, oc__onnx_value *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->has_shape = true;
    out->rank = 0;
    while (oc__wire_next(&wire, &field)) {
        if (field.number != SHAPE_DIM)
            continue;
        if (out->rank == OC_MAX_RANK)
            return oc__onnx_parse_fail(p, OC_ERROR_UNSUPPORTED, "a value of the model has more than 8 axes");
        OC_TRY(read_dim(p, field.bytes, &out->dims[out->rank++]));
    }
    return OC_OK;
}

static oc_status read_type(const oc__onnx_parser *p, oc__span message, oc__onnx_value *out) {
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

oc_status oc__onnx_parse_value(const oc__onnx_parser *p, oc__span message, oc__onnx_value *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    out->name = "";
    while (oc__wire_next(&wire, &field)) {
        if (field.number == VALUE_NAME)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->name));
        else if (field.number == VALUE_TYPE)
            OC_TRY(read_type(p, field.bytes, out));
    }
    return OC_OK;
}
