/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as the library sees it: values, nodes, symbols. */
#ifndef OC_IR_H
#define OC_IR_H

#include <ocelli/graph.h>

#include "ir/desc.h"

typedef struct oc_node oc_node;

/* Sizes that are not numbers yet: a symbol is a name ("N") or a formula ("window(H,3,2,1,1)"), interned by its text, so equal
 * formulas are equal sizes. Symbol i is the size -1 - i. */
typedef struct oc__symbols {
    oc_context *context;
    char **texts;
    size_t count, capacity;
} oc__symbols;
void oc__symbols_finish(oc__symbols *symbols);
int64_t oc__symbols_intern(oc__symbols *symbols, const char *text); /* INT64_MIN when out of memory */
const char *oc__symbols_text(const oc__symbols *symbols, int64_t dim, char buffer[24]);
/* floor or ceil((size + pads - dilation * (kernel - 1) - 1) / stride) + 1; a formula for a symbol; < 0 never for numbers (0 instead). */
int64_t oc__dim_window(oc__symbols *symbols, int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_begin,
                       int64_t pad_end, bool ceil_mode);
int64_t oc__dim_add(oc__symbols *symbols, int64_t a, int64_t b);
/* The product of sizes over the product of others, with equal symbols cancelled. False: numbers do not divide. */
bool oc__dim_ratio(oc__symbols *symbols, const int64_t *above, int above_count, const int64_t *below, int below_count,
                   int64_t *out);

typedef enum oc__value_kind { OC_VALUE_INPUT = 1, OC_VALUE_CONSTANT, OC_VALUE_STATE, OC_VALUE_NODE } oc__value_kind;

struct oc_value {
    oc_graph *graph;
    int32_t id; /* index into graph->values */
    oc__value_kind kind;
    char *name; /* NULL for none */
    oc_dtype dtype;
    oc_shape shape;
    oc_node *producer; /* OC_VALUE_NODE */
    int output;        /* which output of it */
    oc_tensor *data;   /* constants; states that begin with a tensor; NULL else */
    oc_init init;      /* states */
    oc_value *update;  /* states: what replaces it at the end of a run; NULL: it stays */
};

struct oc_node {
    oc_graph *graph;
    int32_t id; /* index into graph->nodes; nodes are in topological order */
    const struct oc__op *op;
    void *params; /* op->params_size bytes, normalized; NULL if it has none */
    char *name;   /* NULL for none */
    oc_value **in; /* op_in operands of the op (NULL: left out), then those of pre and post */
    int in_count, op_in;
    oc_value **out;
    int out_count;
    oc__posts pre, post;
};

typedef struct oc__named {
    char *name;
    oc_value *value;
} oc__named;

struct oc_graph {
    oc_context *context;
    oc__arena arena; /* values, nodes, texts */
    oc__symbols symbols;
    oc_value **values;
    size_t value_count, value_capacity;
    oc_node **nodes;
    size_t node_count, node_capacity;
    oc_value **inputs, **states;
    size_t input_count, input_capacity, state_count, state_capacity;
    oc__named *outputs;
    size_t output_count, output_capacity;
    struct oc__text_pair {
        char *key, *text;
    } *metadata;
    size_t metadata_count, metadata_capacity;
    struct oc__kept {
        void *object;
        void (*release)(void *object);
    } *kept; /* what nodes need that is not the graph's */
    size_t kept_count, kept_capacity;
    oc_error error; /* the first one */
    oc__string *notes; /* of passes, about what they do; NULL: none are taken */
};

/* graph.c: raw parts; nothing is checked or inferred here (op.h's oc__graph_node() does that). NULL when out of memory. */
oc_value *oc__value_add(oc_graph *graph, oc__value_kind kind, const char *name, oc_dtype dtype, const oc_shape *shape);
oc_node *oc__node_add(oc_graph *graph, const struct oc__op *op, const void *params, size_t params_size, oc_value *const *in,
                      int in_count, int out_count);
/* Keeps an object as long as the graph, once; NULL: none. False when out of memory. */
bool oc__graph_keep(oc_graph *graph, void *object, void (*retain)(void *object), void (*release)(void *object));
/* Records an error as the graph's first; returns NULL, for functions that give values. */
void *oc__graph_fail(oc_graph *graph, oc_error *err, oc_status status, const char *format, ...) OC_FORMAT(4, 5);
/* Passes the graph's first error on to err, for a NULL operand; returns NULL. */
void *oc__graph_pass_error(oc_graph *graph, oc_error *err);

#endif
