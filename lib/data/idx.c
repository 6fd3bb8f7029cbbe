/* SPDX-License-Identifier: Apache-2.0 */
/* idx arrays of bytes: two zeros, the type, the rank, a big-endian size for each axis, the data. */
#include <ocelli/data.h>

#include <string.h>

#include "tensor/tensor.h"

enum { BYTES = 0x08, MAX_RANK = 4 };

static oc_status malformed(oc_context *context, oc_error *err, const char *what) {
    return oc__fail(context, err, OC_ERROR_FORMAT, "this is no proper idx file: %s", what);
}

static oc_status read_shape(oc_context *context, const uint8_t *bytes, size_t size, oc_shape *shape, oc_error *err) {
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return malformed(context, err, "it is packed with gzip and must be unpacked first");
    if (size < 4 || bytes[0] != 0 || bytes[1] != 0)
        return malformed(context, err, "it does not begin with two zeros, a type and a rank");
    if (bytes[2] != BYTES)
        return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "an idx file with elements of type 0x%02x; only 0x08 (bytes) is "
                                                            "supported", bytes[2]);
    if (bytes[3] < 1 || bytes[3] > MAX_RANK)
        return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "an idx file with %d axes; 1 to %d are supported", bytes[3],
                        MAX_RANK);
    shape->rank = bytes[3];
    if (size < 4 + 4 * (size_t)shape->rank)
        return malformed(context, err, "it is cut short in its header");
    for (int32_t i = 0; i < shape->rank; i++) {
        const uint8_t *at = bytes + 4 + 4 * i;
        shape->dims[i] = (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
    }
    return OC_OK;
}

oc_status oc_idx_parse(oc_tensor **out, oc_context *context, const void *data, size_t size, oc_error *err) {
    oc_shape shape = {0};
    int64_t count;
    uint64_t bytes;
    char text[OC_SHAPE_TEXT];
    if (!out || !context || (!data && size))
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_idx_parse: out, context or data is NULL");
    OC_TRY(read_shape(context, data, size, &shape, err));
    OC_TRY(oc__shape_check(context, &shape, OC_U8, &count, &bytes, err));
    size_t header = 4 + 4 * (size_t)shape.rank;
    if (size - header != bytes)
        return oc__fail(context, err, OC_ERROR_FORMAT, "an idx file of shape %s holds %zu bytes of data and should hold %llu",
                        oc__shape_text(&shape, text), size - header, (unsigned long long)bytes);
    oc_tensor *tensor;
    OC_TRY(oc_tensor_create(&tensor, context, NULL, OC_U8, &shape, err));
    if (bytes > 0)
        memcpy(oc_tensor_get_data(tensor), (const uint8_t *)data + header, (size_t)bytes);
    *out = tensor;
    return OC_OK;
}
