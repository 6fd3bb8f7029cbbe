/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a safetensors header is an object of objects of numbers and strings: what is read here, and no more. */
#include "tensor/safetensors.h"

#include <string.h>

#define LARGEST_HEADER (100u << 20)

static const struct {
    oc_dtype dtype;
    const char *name;
} types[] = {{OC_F32, "F32"}, {OC_F16, "F16"}, {OC_I32, "I32"}, {OC_I64, "I64"}, {OC_U8, "U8"}, {OC_BOOL, "BOOL"},
             {OC_F64, "F64"}, {OC_BF16, "BF16"}, {OC_I8, "I8"}, {OC_I16, "I16"}, {OC_U16, "U16"}, {OC_U32, "U32"}, {OC_U64, "U64"}};

typedef struct reader {
    oc__st_file *file;
    const char *at, *end;
    const char *why;
    bool short_of_memory;
} reader;

static bool fail(reader *r, const char *why) {
    r->why = r->why ? r->why : why;
    return false;
}

static bool fail_memory(reader *r) {
    r->short_of_memory = true;
    return fail(r, "out of memory");
}

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at < r->end && *r->at == c) {
        r->at++;
        return true;
    }
    return false;
}

static int hex4(const char *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Code points beyond one byte pair (\uD83D\uDE00) are kept as two: names of tensors are compared, not drawn. */
static char *put_utf8(char *to, int code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

static bool read_escape(reader *r, char **to) {
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->end)
        return fail(r, "a string without an end");
    char c = *r->at++;
    if (c == 'u') {
        int code = r->end - r->at >= 4 ? hex4(r->at) : -1;
        if (code < 1)
            return fail(r, "a wrong escape in a string");
        r->at += 4;
        *to = put_utf8(*to, code);
        return true;
    }
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return fail(r, "a wrong escape in a string");
    *(*to)++ = into[found - from];
    return true;
}

static bool read_string(reader *r, const char **out) {
    if (!take(r, '"'))
        return fail(r, "a string was expected");
    const char *close = r->at;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return fail(r, "a string without an end");
    char *text = oc__arena_alloc(&r->file->arena, (size_t)(close - r->at) + 4), *to = text;
    if (!text)
        return fail_memory(r);
    while (r->at < close) {
        char c = *r->at++;
        if (c == 0)
            return fail(r, "a zero byte in a string");
        if (c != '\\')
            *to++ = c;
        else if (!read_escape(r, &to))
            return false;
    }
    r->at = close + 1;
    *to = 0;
    *out = text;
    return true;
}

static bool read_number(reader *r, int64_t *out) {
    skip_space(r);
    uint64_t value = 0;
    const char *first = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        if (value > (uint64_t)INT64_MAX / 10 - 1)
            return fail(r, "a number beyond 63 bits");
        value = value * 10 + (uint64_t)(*r->at++ - '0');
    }
    *out = (int64_t)value;
    return r->at > first ? true : fail(r, "a number was expected");
}

static bool read_numbers(reader *r, int64_t *out, int most, int *count) {
    *count = 0;
    if (!take(r, '['))
        return fail(r, "a list was expected");
    if (take(r, ']'))
        return true;
    do {
        int64_t value;
        if (!read_number(r, &value))
            return false;
        if (*count == most)
            return fail(r, "a list that is too long");
        out[(*count)++] = value;
    } while (take(r, ','));
    return take(r, ']') ? true : fail(r, "a list without an end");
}

static bool read_entry(reader *r, const char *name) {
    oc__st_entry entry = {.name = name};
    int64_t ends[2] = {0, -1};
    int count = 0;
    if (!take(r, '{'))
        return fail(r, "an object was expected");
    do {
        const char *key, *text;
        if (!read_string(r, &key) || !take(r, ':'))
            return fail(r, "a key was expected");
        if (!strcmp(key, "dtype")) {
            if (!read_string(r, &text))
                return false;
            for (size_t i = 0; i < OC_COUNT(types); i++)
                if (!strcmp(types[i].name, text))
                    entry.dtype = types[i].dtype;
        } else if (!strcmp(key, "shape")) {
            if (!read_numbers(r, entry.shape.dims, OC_MAX_RANK, &entry.shape.rank))
                return false;
        } else if (!strcmp(key, "data_offsets")) {
            if (!read_numbers(r, ends, 2, &count))
                return false;
        } else {
            return fail(r, "an unknown key");
        }
    } while (take(r, ','));
    if (!take(r, '}') || count != 2 || ends[1] < ends[0] || (uint64_t)ends[1] > r->file->data_bytes)
        return fail(r, "an entry whose elements are not in the file");
    entry.offset = (uint64_t)ends[0];
    entry.bytes = (uint64_t)(ends[1] - ends[0]);
    int64_t elements = oc_shape_count(&entry.shape);
    uint64_t bytes;
    if (entry.dtype && (elements < 0 || !oc__mul_u64((uint64_t)elements, oc_dtype_size(entry.dtype), &bytes) || bytes != entry.bytes))
        return fail(r, "an entry whose size does not fit its shape");
    oc__st_file *f = r->file;
    return OC_ARRAY_PUSH(f->context, f->entries, f->count, f->capacity, entry) ? true : fail_memory(r);
}

static bool read_metadata(reader *r) {
    oc__st_file *f = r->file;
    if (!take(r, '{'))
        return fail(r, "an object was expected");
    if (take(r, '}'))
        return true;
    do {
        oc__st_text text;
        if (!read_string(r, &text.key) || !take(r, ':') || !read_string(r, &text.text))
            return fail(r, "texts were expected");
        if (!OC_ARRAY_PUSH(f->context, f->metadata, f->metadata_count, f->metadata_capacity, text))
            return fail_memory(r);
    } while (take(r, ','));
    return take(r, '}') ? true : fail(r, "an object without an end");
}

static bool read_header(reader *r) {
    if (!take(r, '{'))
        return fail(r, "an object was expected");
    if (take(r, '}'))
        return true;
    do {
        const char *name;
        if (!read_string(r, &name) || !take(r, ':'))
            return fail(r, "a name was expected");
        if (!(strcmp(name, "__metadata__") ? read_entry(r, name) : read_metadata(r)))
            return false;
    } while (take(r, ','));
    return take(r, '}') ? true : fail(r, "an object without an end");
}

oc_status oc__st_open(oc__st_file *file, oc_context *context, const char *path, oc_error *err) {
    *file = (oc__st_file){.context = context};
    oc__arena_init(&file->arena, context);
    OC_TRY(oc__file_map(context, path, &file->mapping, err));
    const uint8_t *bytes = file->mapping.data;
    uint64_t length = 0;
    for (int i = 7; file->mapping.size >= 8 && i >= 0; i--)
        length = length << 8 | bytes[i];
    reader r = {.file = file};
    if (file->mapping.size < 8 || length > LARGEST_HEADER || length > file->mapping.size - 8) {
        fail(&r, "it does not begin with the length of a header");
    } else {
        file->data = bytes + 8 + length;
        file->data_bytes = file->mapping.size - 8 - length;
        r.at = (const char *)bytes + 8;
        r.end = r.at + length;
        read_header(&r);
    }
    if (!r.why)
        return OC_OK;
    oc_status status = r.short_of_memory ? oc__fail_memory(context, err, (size_t)length)
                                         : oc__fail(context, err, OC_ERROR_FORMAT, "%s is no safetensors file: %s", path, r.why);
    oc__st_close(file);
    return status;
}

void oc__st_close(oc__st_file *file) {
    oc__file_unmap(file->context, &file->mapping);
    oc__free(file->context, file->entries);
    oc__free(file->context, file->metadata);
    oc__arena_finish(&file->arena);
}

const oc__st_entry *oc__st_find(const oc__st_file *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (!strcmp(file->entries[i].name, name))
            return &file->entries[i];
    return NULL;
}

const char *oc__st_metadata(const oc__st_file *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (!strcmp(file->metadata[i].key, key))
            return file->metadata[i].text;
    return NULL;
}

static void put_string(oc__string *out, const char *text) {
    oc__string_append(out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            oc__string_printf(out, "\\%c", c);
        else if (c < 32)
            oc__string_printf(out, "\\u%04x", c);
        else
            oc__string_append_n(out, text, 1);
    }
    oc__string_append(out, "\"");
}

static void put_entry(oc__string *out, const oc__st_entry *entry) {
    const char *type = "U8";
    for (size_t i = 0; i < OC_COUNT(types); i++)
        if (types[i].dtype == entry->dtype)
            type = types[i].name;
    put_string(out, entry->name);
    oc__string_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", type);
    for (int i = 0; i < entry->shape.rank; i++)
        oc__string_printf(out, i ? ",%lld" : "%lld", (long long)entry->shape.dims[i]);
    oc__string_printf(out, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)entry->offset,
                      (unsigned long long)(entry->offset + entry->bytes));
}

void oc__st_header(oc__string *out, const oc__st_entry *entries, size_t count, const oc__st_text *texts, size_t text_count) {
    size_t first = out->size;
    oc__string_append_n(out, "\1\1\1\1\1\1\1\1{", 9);
    if (text_count)
        oc__string_append(out, "\"__metadata__\":{");
    for (size_t i = 0; i < text_count; i++) {
        oc__string_append(out, i ? "," : "");
        put_string(out, texts[i].key);
        oc__string_append(out, ":");
        put_string(out, texts[i].text);
    }
    oc__string_append(out, text_count ? "}" : "");
    for (size_t i = 0; i < count; i++) {
        oc__string_append(out, i || text_count ? "," : "");
        put_entry(out, &entries[i]);
    }
    oc__string_append(out, "}");
    while ((out->size - first) % 8 && !out->failed)
        oc__string_append(out, " ");
    uint64_t length = out->size - first - 8;
    for (int i = 0; !out->failed && i < 8; i++)
        out->text[first + (size_t)i] = (char)(length >> 8 * i);
}
