/* SPDX-License-Identifier: Apache-2.0 */
/* How an op calls itself in ONNX: tables, and functions for irregular forms, that lib/onnx interprets in both directions. Nothing of
 * the file format is seen here: nodes and attributes are plain data.
 *
 * An op's rules stand in lib/op/<room>_onnx.c; the first rule that fits type and opset (reading), or the op (writing), is taken. */
#ifndef OC_ONNX_RULE_H
#define OC_ONNX_RULE_H

#include "op/op.h"

#define OC_ONNX_LONGEST 64 /* numbers in a list of whole ones */
#define OC_ONNX_OPSET_MIN 1
#define OC_ONNX_OPSET_MAX 22
#define OC_ONNX_OPSET_WRITTEN 17 /* or what a node needs */

typedef enum oc__onnx_attr_kind { /* numbers of AttributeProto.AttributeType */
    OC_ONNX_FLOAT = 1,
    OC_ONNX_INT = 2,
    OC_ONNX_STRING = 3,
    OC_ONNX_TENSOR = 4,
    OC_ONNX_GRAPH = 5,
    OC_ONNX_FLOATS = 6,
    OC_ONNX_INTS = 7
} oc__onnx_attr_kind;

typedef struct oc__onnx_attr {
    const char *name;
    oc__onnx_attr_kind kind; /* others are kept by their numbers */
    double f;
    int64_t i;
    const char *s;
    const float *floats;
    const int64_t *ints;
    size_t count;
    const uint8_t *message; /* TENSOR: as serialized */
    uint64_t message_size;
    struct oc__onnx_graph *graph; /* GRAPH; NULL: none */
    const char *reference;        /* "", or the attribute of the function that has it */
} oc__onnx_attr;

typedef struct oc__onnx_node {
    const char *type, *domain, *name; /* "" for none */
    const char **in, **out;           /* "": left out */
    int in_count, out_count;
    oc__onnx_attr *attrs;
    int attr_count;
    struct oc__onnx_node *next; /* writing */
} oc__onnx_node;

/* ONNX's numbers for element types; DTYPE_NONE, 0 where there is none. */
oc_dtype oc__onnx_dtype(int64_t type);
int32_t oc__onnx_dtype_number(oc_dtype dtype);
const char *oc__onnx_dtype_name(int64_t type); /* "double" */

/* Where an attribute goes. */
typedef enum oc__onnx_target {
    OC_ONNX_TO_I64 = 1,
    OC_ONNX_TO_I32,
    OC_ONNX_TO_BOOL,
    OC_ONNX_TO_F32,
    OC_ONNX_TO_I64S, /* exactly `count` entries */
    OC_ONNX_TO_F32S, /* likewise */
    OC_ONNX_TO_PADS, /* 2 * count entries: the first half to offset, the second to offset2 */
    OC_ONNX_TO_AXES, /* up to `count` entries of i64, their number to the int32_t at offset2 */
    OC_ONNX_MUST,    /* has to be `i`: other values are not supported */
    OC_ONNX_HOOK     /* read and written by the rule's functions, or without meaning here */
} oc__onnx_target;

typedef struct oc__onnx_attr_rule {
    const char *name; /* NULL ends a list */
    oc__onnx_target target;
    uint16_t offset, offset2, count;
    int64_t i; /* the value (of each entry) when left out */
    float f;
} oc__onnx_attr_rule;

#define OC_ONNX_ATTR_I64(name, params, field, value) {name, OC_ONNX_TO_I64, offsetof(params, field), 0, 1, value, 0}
#define OC_ONNX_ATTR_I32(name, params, field, value) {name, OC_ONNX_TO_I32, offsetof(params, field), 0, 1, value, 0}
#define OC_ONNX_ATTR_BOOL(name, params, field, value) {name, OC_ONNX_TO_BOOL, offsetof(params, field), 0, 1, value, 0}
#define OC_ONNX_ATTR_F32(name, params, field, value) {name, OC_ONNX_TO_F32, offsetof(params, field), 0, 1, 0, value}
#define OC_ONNX_ATTR_2D(name, params, field, value) {name, OC_ONNX_TO_I64S, offsetof(params, field), 0, 2, value, 0}
#define OC_ONNX_ATTR_PADS_2D(params) \
    {"pads", OC_ONNX_TO_PADS, offsetof(params, pad_begin), offsetof(params, pad_end), 2, 0, 0}
#define OC_ONNX_ATTR_AXES(params) \
    {"axes", OC_ONNX_TO_AXES, offsetof(params, axes), offsetof(params, axis_count), OC_MAX_RANK, 0, 0}
#define OC_ONNX_ATTR_MUST(name, value) {name, OC_ONNX_MUST, 0, 0, 0, value, 0}
#define OC_ONNX_ATTR_HOOK(name) {name, OC_ONNX_HOOK, 0, 0, 0, 0, 0}

/* The contents of a value where they are known while a model is read. */
typedef struct oc__onnx_known {
    const oc_tensor *tensor; /* host, dense; NULL: not known */
    uint64_t symbols;        /* bit i: element i (of an i64 tensor) is a symbol of the graph, not a number */
} oc__onnx_known;

typedef struct oc__onnx_rule oc__onnx_rule;

/* A node being read. */
typedef struct oc__onnx_reading {
    oc_context *context;
    oc_graph *graph;
    int opset;
    const oc__onnx_node *node;
    const oc__onnx_rule *rule;
    const oc__op *op;
    oc_value **in; /* node->in_count entries; NULL: left out, or a constant among rule->param_inputs */
    const oc__onnx_known *known;
    const bool *out_used; /* node->out_count entries: is in the outputs or in a later node */
    oc_value **out;       /* to be filled, where used */
} oc__onnx_reading;

/* A node being written: becomes one or several ONNX nodes. */
typedef struct oc__onnx_literal {
    const char *name;
    oc_dtype dtype;
    int32_t rank;   /* 0 or 1 */
    int64_t count;
    const void *data;
    struct oc__onnx_literal *next;
} oc__onnx_literal;

typedef struct oc__onnx_writing {
    oc_context *context;
    oc__arena *arena;
    const oc_node *source;
    const oc__onnx_rule *rule;
    int opset; /* of the model */
    const char *const *in;  /* names of the operands, "" for none */
    const char *const *out; /* names of the outputs, "" where unused */
    oc__onnx_node *first, *last;
    oc__onnx_literal *literals;
    int *serial; /* of fresh names */
    bool failed; /* out of memory */
} oc__onnx_writing;

typedef enum oc__onnx_use { OC_ONNX_BOTH = 0, OC_ONNX_READ_ONLY, OC_ONNX_WRITE_ONLY } oc__onnx_use;

struct oc__onnx_rule {
    const char *type; /* NULL ends a list */
    const char *op;   /* the op's name, in a list that several ops of a room share */
    const char *domain; /* NULL: ONNX's own */
    int since, until; /* opsets, inclusive; until 0: the last */
    int in_min, in_max, out_max;
    oc__onnx_use use;
    bool floats; /* operands of other types, which ONNX allows, are not supported */
    bool shape_free; /* writing: operands that the op needs for their shapes only are left out */
    uint32_t param_inputs;           /* bit i: input i is looked at, not computed with */
    uint32_t peeked_inputs;          /* bit i: input i is computed with, and looked at where it is known */
    uint32_t frozen_inputs;          /* bit i: an initializer as input i is a state that training leaves alone */
    const oc__onnx_attr_rule *attrs; /* NULL: none */
    /* Changes params after the table has filled them; may be NULL. */
    oc_status (*adjust)(const oc__onnx_reading *reading, void *params, oc_error *err);
    /* Makes the node's outputs itself; NULL: one node of the op, with the table's params and the inputs that are no params. */
    oc_status (*read)(const oc__onnx_reading *reading, void *params, oc_error *err);
    /* Emits the ONNX nodes itself; NULL: one node with the table's attributes. */
    oc_status (*write)(oc__onnx_writing *writing, oc_error *err);
    int (*opset)(const oc_node *node); /* writing: what this node needs, where that is more than `since`; may be NULL */
};

extern const oc__onnx_rule *const oc__onnx_composed[]; /* lists of rules that belong to no op; ends with NULL */

/* onnx_rule.c: for rules' functions. "node 'conv1' (Conv): " in front. */
oc_status oc__onnx_refuse(const oc__onnx_reading *reading, oc_error *err, oc_status status, const char *format, ...)
    OC_FORMAT(4, 5);
const oc__onnx_attr *oc__onnx_attr_find(const oc__onnx_node *node, const char *name); /* NULL: left out */
int64_t oc__onnx_attr_int(const oc__onnx_node *node, const char *name, int64_t otherwise);
double oc__onnx_attr_float(const oc__onnx_node *node, const char *name, double otherwise);
const char *oc__onnx_attr_text(const oc__onnx_node *node, const char *name, const char *otherwise);
bool oc__onnx_has_in(const oc__onnx_reading *reading, int index); /* whether input i is there */
/* The numbers of input i, which must be known: at most capacity; symbols (may be NULL) receives which of them are symbols, and
 * where it is NULL they are refused. */
oc_status oc__onnx_ints(const oc__onnx_reading *reading, int index, int64_t *out, int capacity, int *count, uint64_t *symbols,
                        oc_error *err);
oc_status oc__onnx_number(const oc__onnx_reading *reading, int index, double *out, oc_error *err); /* a known scalar */
/* The list from input `index` or else from attribute `name`; count -1: neither is there. */
oc_status oc__onnx_axes(const oc__onnx_reading *reading, int index, const char *name, int64_t axes[OC_MAX_RANK], int *count,
                        oc_error *err);
/* The list of exactly `count` numbers from an attribute, or `otherwise` everywhere. */
oc_status oc__onnx_list(const oc__onnx_reading *reading, const char *name, int count, int64_t otherwise, int64_t *out,
                        oc_error *err);
/* Sets out 0; a NULL value is the failure that err tells. */
oc_status oc__onnx_give(const oc__onnx_reading *reading, oc_value *value, oc_error *err);
/* The attributes of windows over one to three spatial axes. */
typedef struct oc__onnx_window {
    int axes;
    int64_t kernel[3], stride[3], dilation[3], pad_begin[3], pad_end[3];
} oc__onnx_window;
/* kernel: the sizes of weights; NULL: from kernel_shape. auto_pad takes the sizes of input 0. */
oc_status oc__onnx_window_read(const oc__onnx_reading *reading, const int64_t *kernel, oc__onnx_window *out, oc_error *err);

/* onnx_attrs.c: the tables, both ways. */
oc_status oc__onnx_attrs_read(const oc__onnx_reading *reading, void *params, oc_error *err);
void oc__onnx_attrs_write(oc__onnx_writing *writing, oc__onnx_node *node);

/* onnx_emit.c */
oc__onnx_node *oc__onnx_emit(oc__onnx_writing *writing, const char *type); /* NULL when out of memory; the others take that */
void oc__onnx_emit_in(oc__onnx_writing *writing, oc__onnx_node *node, const char *name);
void oc__onnx_emit_out(oc__onnx_writing *writing, oc__onnx_node *node, const char *name);
void oc__onnx_emit_int(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, int64_t value);
void oc__onnx_emit_float(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, double value);
void oc__onnx_emit_floats(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const float *values, int count);
void oc__onnx_emit_ints(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const int64_t *values, int count);
void oc__onnx_emit_text(oc__onnx_writing *writing, oc__onnx_node *node, const char *name, const char *text);
const char *oc__onnx_fresh(oc__onnx_writing *writing);                                          /* a name nobody has */
/* A small initializer: its name. rank 0 or 1. */
const char *oc__onnx_add_literal(oc__onnx_writing *writing, oc_dtype dtype, int32_t rank, int64_t count, const void *data);
const char *oc__onnx_ints_literal(oc__onnx_writing *writing, const int64_t *values, int count); /* rank 1 */
const char *oc__onnx_number_literal(oc__onnx_writing *writing, oc_dtype dtype, double value);   /* rank 0 */

#endif
