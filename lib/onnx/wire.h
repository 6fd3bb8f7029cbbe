/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers, read where they lie: fields are numbers and spans of the caller's bytes; nothing is copied.
 * Encoding: https://protobuf.dev/programming-guides/encoding */
#ifndef OC_WIRE_H
#define OC_WIRE_H

#include "base/base.h"

#define OC_WIRE_DEPTH 64 /* messages in messages; deeper ones are refused */

typedef struct oc__span {
    const uint8_t *data;
    uint64_t size;
} oc__span;

typedef enum oc__wire_type { OC_WIRE_VARINT = 0, OC_WIRE_FIXED64 = 1, OC_WIRE_BYTES = 2, OC_WIRE_FIXED32 = 5 } oc__wire_type;

typedef struct oc__wire_field {
    uint32_t number;
    oc__wire_type type;
    uint64_t value; /* of the numeric types, as bits */
    oc__span bytes; /* OC_WIRE_BYTES */
} oc__wire_field;

/* A message being read, from `at` to `end`. */
typedef struct oc__wire {
    const uint8_t *at, *end;
    const char *fault; /* why the last call gave false, NULL at the end of the message */
} oc__wire;

oc__wire oc__wire_init(oc__span message);
/* The next field; false at the end and at what is malformed. */
bool oc__wire_next(oc__wire *wire, oc__wire_field *field);
/* The next number of a packed field. */
bool oc__wire_next_packed(oc__wire *wire, oc__wire_type type, uint64_t *value);
/* Walks over the numbers of a repeated field of a checked message, packed and not. `message` stands at the message's beginning and
 * `packed` is zeroed at the first call. */
bool oc__wire_next_number(oc__wire *message, oc__wire *packed, uint32_t number, oc__wire_type type, uint64_t *value);

/* What is known of a message: which fields it has, and which of them are messages themselves. */
struct oc__wire_message;
typedef struct oc__wire_rule {
    uint32_t number;
    oc__wire_type type;                    /* of an element */
    bool repeated;                         /* numbers may be packed */
    const struct oc__wire_message *message; /* BYTES that are a message */
} oc__wire_rule;
typedef struct oc__wire_message {
    const char *name;
    const oc__wire_rule *rules; /* ends with number 0; other fields are skipped */
} oc__wire_message;

/* Walks over the whole of a message and the messages in it: every length, every type, the depth. What passed can be read without
 * looking at `fault`. The sentence names message, field and byte. */
oc_status oc__wire_check(oc_context *context, oc__span message, const oc__wire_message *kind, oc_error *err);

/* Writing: appends to a string, which is binary-safe. */
void oc__wire_put_varint(oc__string *out, uint32_t number, uint64_t value);
void oc__wire_put_float(oc__string *out, uint32_t number, float value);
void oc__wire_put_bytes(oc__string *out, uint32_t number, const void *data, uint64_t size);
void oc__wire_put_text(oc__string *out, uint32_t number, const char *text);
/* Only the tag and the length of BYTES that are written by other means. */
void oc__wire_put_head(oc__string *out, uint32_t number, uint64_t size);

#endif
