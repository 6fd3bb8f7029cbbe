/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/wire.h"

#include <string.h>

oc__wire oc__wire_init(oc__span message) {
    return (oc__wire){message.data, message.size > 0 ? message.data + message.size : message.data, NULL};
}

static bool fault(oc__wire *wire, const char *text) {
    wire->fault = text;
    return false;
}

static bool read_varint(oc__wire *wire, uint64_t *value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (wire->at == wire->end)
            return fault(wire, "a number is cut off");
        uint8_t byte = *wire->at++;
        if (shift == 63 && byte > 1)
            return fault(wire, "a number has more than 64 bits");
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            return true;
        }
    }
    return fault(wire, "a number has more than 64 bits");
}

static bool read_fixed(oc__wire *wire, int bytes, uint64_t *value) {
    if (wire->end - wire->at < bytes)
        return fault(wire, "a number is cut off");
    uint64_t result = 0;
    for (int i = 0; i < bytes; i++)
        result |= (uint64_t)wire->at[i] << (8 * i);
    wire->at += bytes;
    *value = result;
    return true;
}

static bool read_bytes(oc__wire *wire, oc__span *bytes) {
    uint64_t size;
    if (!read_varint(wire, &size))
        return false;
    if (size > (uint64_t)(wire->end - wire->at))
        return fault(wire, "a length reaches past the end");
    *bytes = (oc__span){wire->at, size};
    wire->at += size;
    return true;
}

static bool read_value(oc__wire *wire, oc__wire_type type, uint64_t *value) {
    switch (type) {
    case OC_WIRE_VARINT:
        return read_varint(wire, value);
    case OC_WIRE_FIXED64:
        return read_fixed(wire, 8, value);
    case OC_WIRE_FIXED32:
        return read_fixed(wire, 4, value);
    case OC_WIRE_BYTES:
        break;
    }
    return fault(wire, "a field has a type that is no longer in use");
}

bool oc__wire_next(oc__wire *wire, oc__wire_field *field) {
    uint64_t key;
    if (wire->at == wire->end || !read_varint(wire, &key))
        return false;
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return fault(wire, "a field number is out of range");
    *field = (oc__wire_field){(uint32_t)(key >> 3), (oc__wire_type)(key & 7), 0, {wire->at, 0}};
    if (field->type == OC_WIRE_BYTES)
        return read_bytes(wire, &field->bytes);
    return read_value(wire, field->type, &field->value);
}

bool oc__wire_next_packed(oc__wire *wire, oc__wire_type type, uint64_t *value) {
    return wire->at != wire->end && read_value(wire, type, value);
}

bool oc__wire_next_number(oc__wire *message, oc__wire *packed, uint32_t number, oc__wire_type type, uint64_t *value) {
    if (packed->at != packed->end)
        return oc__wire_next_packed(packed, type, value);
    oc__wire_field field;
    while (oc__wire_next(message, &field)) {
        if (field.number != number)
            continue;
        if (field.type != OC_WIRE_BYTES) {
            *value = field.value;
            return true;
        }
        *packed = oc__wire_init(field.bytes);
        if (packed->at != packed->end)
            return oc__wire_next_packed(packed, type, value);
    }
    return false;
}

typedef struct check {
    oc_context *context;
    const uint8_t *begin;
    oc_error *err;
} check;

static oc_status malformed(const check *check, const oc__wire_message *kind, const uint8_t *at, const char *why) {
    return oc__fail(check->context, check->err, OC_ERROR_FORMAT, "malformed at byte %llu, in a %s: %s",
                    (unsigned long long)(at - check->begin), kind->name, why);
}

static const oc__wire_rule *find_rule(const oc__wire_message *kind, uint32_t number) {
    for (const oc__wire_rule *rule = kind->rules; rule->number != 0; rule++)
        if (rule->number == number)
            return rule;
    return NULL;
}

static oc_status check_packed(const check *check, const oc__wire_message *kind, const oc__wire_rule *rule, oc__span bytes) {
    oc__wire wire = oc__wire_init(bytes);
    uint64_t value;
    if (rule->type != OC_WIRE_VARINT)
        return bytes.size % (rule->type == OC_WIRE_FIXED32 ? 4 : 8) == 0
                   ? OC_OK
                   : malformed(check, kind, bytes.data, "a list of numbers ends in the middle of one");
    while (oc__wire_next_packed(&wire, rule->type, &value)) {
    }
    return wire.fault == NULL ? OC_OK : malformed(check, kind, wire.at, wire.fault);
}

static oc_status check_message(const check *check, oc__span message, const oc__wire_message *kind, int depth) {
    if (depth > OC_WIRE_DEPTH)
        return malformed(check, kind, message.data, "messages are nested more than 64 deep");
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        const oc__wire_rule *rule = find_rule(kind, field.number);
        if (rule == NULL)
            continue;
        if (rule->message != NULL && field.type == OC_WIRE_BYTES)
            OC_TRY(check_message(check, field.bytes, rule->message, depth + 1));
        else if (rule->type != OC_WIRE_BYTES && rule->repeated && field.type == OC_WIRE_BYTES)
            OC_TRY(check_packed(check, kind, rule, field.bytes));
        else if (rule->type != field.type)
            return malformed(check, kind, wire.at, "a field has another type than it should");
    }
    return wire.fault == NULL ? OC_OK : malformed(check, kind, wire.at, wire.fault);
}

oc_status oc__wire_check(oc_context *context, oc__span message, const oc__wire_message *kind, oc_error *err) {
    check check = {context, message.data, err};
    return check_message(&check, message, kind, 1);
}

static void put_raw_varint(oc__string *out, uint64_t value) {
    char bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[count++] = (char)(value | 0x80);
    bytes[count++] = (char)value;
    oc__string_append_n(out, bytes, count);
}

void oc__wire_put_varint(oc__string *out, uint32_t number, uint64_t value) {
    put_raw_varint(out, (uint64_t)number << 3 | OC_WIRE_VARINT);
    put_raw_varint(out, value);
}

void oc__wire_put_float(oc__string *out, uint32_t number, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(bits >> (8 * i));
    put_raw_varint(out, (uint64_t)number << 3 | OC_WIRE_FIXED32);
    oc__string_append_n(out, bytes, sizeof(bytes));
}

void oc__wire_put_head(oc__string *out, uint32_t number, uint64_t size) {
    put_raw_varint(out, (uint64_t)number << 3 | OC_WIRE_BYTES);
    put_raw_varint(out, size);
}

void oc__wire_put_bytes(oc__string *out, uint32_t number, const void *data, uint64_t size) {
    oc__wire_put_head(out, number, size);
    oc__string_append_n(out, data, (size_t)size);
}

void oc__wire_put_text(oc__string *out, uint32_t number, const char *text) {
    oc__wire_put_bytes(out, number, text, strlen(text));
}
