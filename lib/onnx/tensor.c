/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <ocelli/onnx.h>

#include "onnx/model.h"
#include "onnx/schema.h"

static uint64_t read_little(const uint8_t *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* Stores an element given by its bits in the file. */
static void store(uint8_t *at, oc_dtype dtype, uint64_t bits) {
    uint32_t word = (uint32_t)bits;
    uint16_t half = (uint16_t)bits;
    switch (oc_dtype_size(dtype)) {
    case 8:
        memcpy(at, &bits, sizeof(bits));
        break;
    case 4:
        memcpy(at, &word, sizeof(word));
        break;
    case 2:
        memcpy(at, &half, sizeof(half));
        break;
    default:
        *at = dtype == OC_BOOL ? bits != 0 : (uint8_t)bits;
    }
}

static void typed_field(int64_t type, uint32_t *number, oc__wire_type *wire) {
    oc_dtype dtype = oc__onnx_dtype(type);
    *wire = dtype == OC_F64 ? OC_WIRE_FIXED64 : dtype == OC_F32 ? OC_WIRE_FIXED32 : OC_WIRE_VARINT;
    *number = dtype == OC_F64                       ? TENSOR_DOUBLES
              : dtype == OC_F32                     ? TENSOR_FLOATS
              : dtype == OC_I64                     ? TENSOR_INT64S
              : dtype == OC_U64 || dtype == OC_U32 ? TENSOR_UINT64S
                                                    : TENSOR_INT32S;
}

static oc_status wrong_count(oc_context *context, const oc__onnx_tensor *tensor, oc_error *err) {
    return oc__fail(context, err, OC_ERROR_FORMAT, "tensor '%s' has another number of elements than its shape says (%lld)",
                    tensor->name, (long long)oc_shape_count(&tensor->shape));
}

static uint64_t count_typed(const oc__onnx_tensor *tensor) {
    uint32_t number;
    oc__wire_type type;
    typed_field(tensor->type, &number, &type);
    oc__wire wire = oc__wire_init(tensor->message), packed = {0};
    uint64_t value, count = 0;
    while (oc__wire_next_number(&wire, &packed, number, type, &value))
        count++;
    return count;
}

static void decode_typed(const oc__onnx_tensor *tensor, uint8_t *out, size_t size) {
    uint32_t number;
    oc__wire_type type;
    typed_field(tensor->type, &number, &type);
    oc__wire wire = oc__wire_init(tensor->message), packed = {0};
    uint64_t value;
    for (; oc__wire_next_number(&wire, &packed, number, type, &value); out += size)
        store(out, oc__onnx_dtype(tensor->type), value);
}

static oc_status load_raw(oc_tensor **out, oc_context *context, const oc__onnx_tensor *tensor, oc_dtype dtype, oc__span raw,
                          oc_error *err) {
    size_t size = oc_dtype_size(dtype);
    uint64_t count = (uint64_t)oc_shape_count(&tensor->shape);
    if (raw.size / size != count || raw.size % size != 0)
        return wrong_count(context, tensor, err);
    if (oc__is_little_endian() && (uintptr_t)raw.data % size == 0)
        return oc_tensor_wrap(out, context, dtype, &tensor->shape, (void *)(uintptr_t)raw.data, err);
    oc_tensor *result;
    OC_TRY(oc_tensor_create(&result, context, NULL, dtype, &tensor->shape, err));
    uint8_t *to = oc_tensor_get_data(result);
    if (oc__is_little_endian() && raw.size > 0)
        memcpy(to, raw.data, raw.size);
    else
        for (uint64_t i = 0; i < count; i++)
            store(to + i * size, dtype, read_little(raw.data + i * size, size));
    *out = result;
    return OC_OK;
}

oc_status oc__onnx_tensor_load(oc_tensor **out, oc_context *context, const oc__onnx_tensor *tensor, oc__onnx_files *files,
                               oc_error *err) {
    oc_dtype dtype = oc__onnx_dtype(tensor->type);
    if (dtype == OC_DTYPE_NONE)
        return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "tensor '%s' is of type %s, which is not supported", tensor->name,
                        oc__onnx_dtype_name(tensor->type));
    oc__span raw = tensor->raw;
    if (tensor->external)
        OC_TRY(oc__onnx_files_get(files, tensor, &raw, err));
    if (raw.data != NULL)
        return load_raw(out, context, tensor, dtype, raw, err);
    if (count_typed(tensor) != (uint64_t)oc_shape_count(&tensor->shape))
        return wrong_count(context, tensor, err);
    oc_tensor *result;
    OC_TRY(oc_tensor_create(&result, context, NULL, dtype, &tensor->shape, err));
    decode_typed(tensor, oc_tensor_get_data(result), oc_dtype_size(dtype));
    *out = result;
    return OC_OK;
}

/* A tensor of its own: what was loaded may lie in memory that goes away. */
static oc_status load_copy(oc_tensor **out, oc_context *context, const oc__onnx_tensor *parsed, oc_error *err) {
    oc__onnx_files files = {context, NULL, NULL, 0, 0};
    oc_tensor *loaded, *copy = NULL;
    OC_TRY(oc__onnx_tensor_load(&loaded, context, parsed, &files, err));
    oc_status status = oc_tensor_create(&copy, context, NULL, oc_tensor_get_dtype(loaded), &parsed->shape, err);
    if (status == OC_OK)
        status = oc_tensor_copy(copy, loaded, err);
    oc_tensor_destroy(&loaded);
    if (status == OC_OK)
        *out = copy;
    else
        oc_tensor_destroy(&copy);
    return status;
}

static void copy_name(char *name, size_t size, const char *from) {
    if (name == NULL || size == 0)
        return;
    size_t count = OC_MIN(strlen(from), size - 1);
    memcpy(name, from, count);
    name[count] = 0;
}

oc_status oc_onnx_read_tensor(oc_tensor **out, oc_context *context, const char *path, char *name, size_t name_size, oc_error *err) {
    oc__mapping mapping;
    oc__arena arena;
    oc__onnx_tensor parsed;
    oc_error reason = {0};
    OC_TRY(oc__file_map(context, path, &mapping, err));
    oc__arena_init(&arena, context);
    oc_status status = oc__onnx_tensor_parse(&parsed, &arena, (oc__span){mapping.data, mapping.size}, false, &reason);
    if (status == OC_OK)
        status = load_copy(out, context, &parsed, &reason);
    if (status == OC_OK)
        copy_name(name, name_size, parsed.name);
    else
        oc__fail(context, err, status, "%s: %s", path, reason.text);
    oc__arena_finish(&arena);
    oc__file_unmap(context, &mapping);
    return status;
}
