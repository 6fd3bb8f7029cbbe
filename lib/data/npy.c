/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy files. */
#include <ocelli/data.h>

#include <string.h>

#include "tensor/tensor.h"

enum { MAX_HEADER = 1 << 20 };

/* What is being read. The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } */
typedef struct reader {
    oc_context *context;
    oc_error *err;
    const char *name;
    const char *at, *end;
    char descr[32];
    bool fortran;
    oc_shape shape;
    bool has_descr, has_order, has_shape;
} reader;

static oc_status malformed(reader *r, const char *what) {
    return oc__fail(r->context, r->err, OC_ERROR_FORMAT, "%s is no proper .npy file: %s", r->name, what);
}

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(reader *r, const char *word) {
    size_t size = strlen(word);
    skip_space(r);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static bool take_text(reader *r, char *out, size_t capacity) {
    skip_space(r);
    if (r->at == r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    char quote = *r->at++;
    const char *close = memchr(r->at, quote, (size_t)(r->end - r->at));
    size_t size = close ? (size_t)(close - r->at) : capacity;
    if (size >= capacity || memchr(r->at, '\\', size))
        return false;
    memcpy(out, r->at, size);
    out[size] = '\0';
    r->at = close + 1;
    return true;
}

static bool take_size(reader *r, int64_t *out) {
    int64_t sum = 0;
    skip_space(r);
    if (r->at == r->end || *r->at < '0' || *r->at > '9')
        return false;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (sum > (INT64_MAX - 9) / 10)
            return false;
        sum = sum * 10 + (*r->at - '0');
    }
    if (r->at < r->end && *r->at == 'L') /* written by Python 2 */
        r->at++;
    *out = sum;
    return true;
}

static oc_status read_shape(reader *r) {
    bool comma = true;
    if (!take(r, '('))
        return malformed(r, "its shape is no tuple");
    while (!take(r, ')')) {
        int64_t size;
        if (!comma || !take_size(r, &size))
            return malformed(r, "its shape is no tuple of sizes");
        if (r->shape.rank == OC_MAX_RANK)
            return oc__fail(r->context, r->err, OC_ERROR_UNSUPPORTED, "%s has more than %d axes", r->name, OC_MAX_RANK);
        r->shape.dims[r->shape.rank++] = size;
        comma = take(r, ',');
    }
    if (r->shape.rank == 1 && !comma)
        return malformed(r, "its shape is a number in parentheses, not a tuple");
    return OC_OK;
}

static oc_status read_entry(reader *r) {
    char key[32];
    bool *seen;
    if (!take_text(r, key, sizeof key) || !take(r, ':'))
        return malformed(r, "its header is no dictionary of names and values");
    if (strcmp(key, "descr") == 0)
        seen = &r->has_descr;
    else if (strcmp(key, "fortran_order") == 0)
        seen = &r->has_order;
    else if (strcmp(key, "shape") == 0)
        seen = &r->has_shape;
    else
        return malformed(r, "its header has a name that is none of descr, fortran_order and shape");
    if (*seen)
        return malformed(r, "its header has a name twice");
    *seen = true;
    if (seen == &r->has_shape)
        return read_shape(r);
    if (seen == &r->has_order) {
        r->fortran = take_word(r, "True");
        return r->fortran || take_word(r, "False") ? OC_OK : malformed(r, "its fortran_order is neither True nor False");
    }
    skip_space(r);
    if (r->at < r->end && *r->at == '[')
        return oc__fail(r->context, r->err, OC_ERROR_UNSUPPORTED, "%s has records as elements, which are not supported",
                        r->name);
    return take_text(r, r->descr, sizeof r->descr) ? OC_OK : malformed(r, "its descr is no text");
}

static oc_status read_header(reader *r) {
    bool comma = true;
    if (!take(r, '{'))
        return malformed(r, "its header is no dictionary");
    while (!take(r, '}')) {
        if (!comma)
            return malformed(r, "a comma is missing in its header");
        OC_TRY(read_entry(r));
        comma = take(r, ',');
    }
    skip_space(r);
    if (r->at != r->end)
        return malformed(r, "something follows its header");
    if (!r->has_descr || !r->has_order || !r->has_shape)
        return malformed(r, "its header lacks descr, fortran_order or shape");
    return OC_OK;
}

static const char *numpy_name(oc_dtype dtype) {
    switch (dtype) {
#define NUMPY_NAME(name, number, size, numpy) \
    case OC_##name: \
        return numpy;
        OC_DTYPE_LIST(NUMPY_NAME)
#undef NUMPY_NAME
    default:
        return "";
    }
}

static oc_status find_dtype(reader *r, oc_dtype *out) {
    for (int i = 1; i < OC_DTYPE_END; i++) {
        const char *name = numpy_name((oc_dtype)i);
        /* The byte order of one-byte elements is '|', but has been seen to be anything. */
        bool same = name[0] == '|' ? r->descr[0] != '\0' && strcmp(name + 1, r->descr + 1) == 0 : strcmp(name, r->descr) == 0;
        if (*name && same) {
            *out = (oc_dtype)i;
            return OC_OK;
        }
    }
    return oc__fail(r->context, r->err, OC_ERROR_UNSUPPORTED,
                    "%s has elements of type '%s'; supported are |b1, <f2, <f4, <f8, and integers from |i1 to <u8", r->name, r->descr);
}

/* Finds header and data: magic, version, size of the header, header, data. */
static oc_status split(reader *r, const uint8_t *bytes, size_t size, const uint8_t **data) {
    if (size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return malformed(r, "it does not begin with \\x93NUMPY");
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return oc__fail(r->context, r->err, OC_ERROR_UNSUPPORTED, "%s has .npy version %d.%d; 1.0 to 3.0 are supported",
                        r->name, bytes[6], bytes[7]);
    size_t start = bytes[6] == 1 ? 10 : 12;
    if (size < start)
        return malformed(r, "it is cut short");
    uint32_t header = bytes[8] | (uint32_t)bytes[9] << 8;
    if (start == 12)
        header |= (uint32_t)bytes[10] << 16 | (uint32_t)bytes[11] << 24;
    if (header > MAX_HEADER || header > size - start)
        return malformed(r, "its header is longer than the file, or than 1 MiB");
    r->at = (const char *)bytes + start;
    r->end = r->at + header;
    *data = bytes + start + header;
    return OC_OK;
}

/* Fortran order: the first axis is the contiguous one. */
static void copy_elements(const reader *r, oc_tensor *tensor, const uint8_t *data) {
    uint8_t *to = oc_tensor_get_data(tensor);
    uint64_t bytes = oc_tensor_get_bytes(tensor);
    if (bytes == 0)
        return;
    if (r->fortran) {
        int64_t strides[OC_MAX_RANK] = {0}, stride = 1;
        for (int32_t i = 0; i < r->shape.rank; i++) {
            strides[i] = stride;
            stride *= r->shape.dims[i];
        }
        oc__strided_copy(to, oc_tensor_get_strides(tensor), data, strides, &r->shape,
                         oc_dtype_size(oc_tensor_get_dtype(tensor)));
    } else {
        memcpy(to, data, (size_t)bytes);
    }
    oc__swap_to_little(to, bytes, oc_dtype_size(oc_tensor_get_dtype(tensor)));
    if (oc_tensor_get_dtype(tensor) == OC_BOOL)
        for (uint64_t i = 0; i < bytes; i++)
            to[i] = to[i] != 0;
}

oc_status oc_npy_parse(oc_tensor **out, oc_context *context, const void *bytes, size_t size, const char *name, oc_error *err) {
    reader r = {.context = context, .err = err, .name = name ? name : "the array"};
    const uint8_t *data;
    oc_dtype dtype;
    oc_tensor *tensor;
    int64_t count;
    uint64_t wanted;
    if (!out || !context || (!bytes && size))
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_npy_parse: out, context or data is NULL");
    OC_TRY(split(&r, bytes, size, &data));
    OC_TRY(read_header(&r));
    OC_TRY(find_dtype(&r, &dtype));
    OC_TRY(oc__shape_check(context, &r.shape, dtype, &count, &wanted, err));
    size_t left = size - (size_t)(data - (const uint8_t *)bytes);
    if (left != wanted) {
        char text[OC_SHAPE_TEXT];
        return oc__fail(context, err, OC_ERROR_FORMAT, "%s holds %zu bytes of data; its shape %s of %s needs %llu", r.name,
                        left, oc__shape_text(&r.shape, text), oc_dtype_name(dtype), (unsigned long long)wanted);
    }
    OC_TRY(oc_tensor_create(&tensor, context, NULL, dtype, &r.shape, err));
    copy_elements(&r, tensor, data);
    *out = tensor;
    return OC_OK;
}

oc_status oc_npy_read(oc_tensor **out, oc_context *context, const char *path, oc_error *err) {
    oc__mapping file;
    if (!out || !context || !path)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_npy_read: out, context or path is NULL");
    OC_TRY(oc__file_map(context, path, &file, err));
    oc_status status = oc_npy_parse(out, context, file.data, (size_t)file.size, path, err);
    oc__file_unmap(context, &file);
    return status;
}

/* Version 1 with spaces at its end, so that the data begins at a multiple of 64. */
static void make_header(const oc_tensor *tensor, oc__string *out) {
    const oc_shape *shape = oc_tensor_get_shape(tensor);
    oc__string_append_n(out, "\x93NUMPY\x01\x00\x00\x00", 10);
    oc__string_printf(out, "{'descr': '%s', 'fortran_order': False, 'shape': (", numpy_name(oc_tensor_get_dtype(tensor)));
    for (int32_t i = 0; i < shape->rank; i++)
        oc__string_printf(out, "%s%lld%s", i ? ", " : "", (long long)shape->dims[i], shape->rank == 1 ? "," : "");
    oc__string_append(out, "), }");
    while (!out->failed && out->size % 64 != 63)
        oc__string_append(out, " ");
    oc__string_append(out, "\n");
    if (out->failed)
        return;
    size_t size = out->size - 10;
    out->text[8] = (char)(size & 255);
    out->text[9] = (char)(size >> 8);
}

static oc_status write_file(oc_context *context, const oc__string *header, const void *data, uint64_t size, const char *path,
                            oc_error *err) {
    oc__file_writer writer;
    OC_TRY(oc__file_writer_init(&writer, context, path, err));
    oc_status status = oc__file_writer_put(&writer, header->text, header->size, err);
    if (status == OC_OK)
        status = oc__file_writer_put(&writer, data, size, err);
    if (status == OC_OK)
        return oc__file_writer_commit(&writer, err);
    oc__file_writer_cancel(&writer);
    return status;
}

oc_status oc_npy_write(const oc_tensor *tensor, const char *path, oc_error *err) {
    if (!tensor || !path)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_npy_write: tensor or path is NULL");
    oc_context *context = oc__tensor_get_context(tensor);
    uint64_t size = oc_tensor_get_bytes(tensor);
    void *data = oc_tensor_get_data(tensor), *copy = NULL;
    oc__string header;
    oc_status status = OC_OK;
    if (size > 0 && (!data || !oc__tensor_is_dense(tensor) || !oc__is_little_endian())) {
        data = copy = oc__alloc(context, (size_t)size);
        status = copy ? oc_tensor_read(tensor, copy, size, err) : oc__fail_memory(context, err, (size_t)size);
        if (status == OC_OK)
            oc__swap_to_little(copy, size, oc_dtype_size(oc_tensor_get_dtype(tensor)));
    }
    oc__string_init(&header, context);
    if (status == OC_OK) {
        make_header(tensor, &header);
        status = header.failed ? oc__fail_memory(context, err, 128) : write_file(context, &header, data, size, path, err);
    }
    oc__string_finish(&header);
    oc__free(context, copy);
    return status;
}
