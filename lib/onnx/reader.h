/* SPDX-License-Identifier: Apache-2.0 */
/* A model on its way to becoming a graph. */
#ifndef OC_ONNX_READER_H
#define OC_ONNX_READER_H

#include <ocelli/onnx.h>

#include "onnx/model.h"

/* What a name of the model stands for. A value of the graph is made of it when one is needed. */
typedef struct oc__onnx_binding {
    const char *name;
    const oc__onnx_tensor *initializer; /* NULL: none */
    oc_value *value;                    /* NULL: not yet */
    oc_tensor *tensor;                  /* contents, where they are known (and loaded); owned */
    uint64_t symbols;                   /* see oc__onnx_known */
    bool evaluated;                     /* the contents follow from given inputs */
    bool constant;                      /* may be folded away: no parameter that training changes */
    bool operand, frozen;               /* how nodes use it */
    struct oc__onnx_binding *next;      /* of all, for the end */
} oc__onnx_binding;

/* Names to bindings: open addressing. */
typedef struct oc__onnx_entry {
    const char *name; /* NULL: free */
    oc__onnx_binding *binding;
} oc__onnx_entry;
typedef struct oc__onnx_names {
    oc_context *context;
    oc__onnx_entry *slots;
    size_t count, capacity; /* a power of two */
} oc__onnx_names;

#define OC_ONNX_MAX_DEPTH 64     /* bodies and functions in each other */
#define OC_ONNX_MAX_ROUNDS 1024  /* of a loop */
#define OC_ONNX_MAX_NODES 32768  /* read in bodies and functions, each as often as it is */

/* The names that a graph, a body or a function sees. */
typedef struct oc__onnx_scope {
    struct oc__onnx_scope *outer;  /* whose names are seen too; NULL: none */
    struct oc__onnx_scope *caller; /* where reading goes on afterwards; NULL: the model's own */
    oc__onnx_names names, used;    /* used: by nodes and outputs */
    bool all_used;
    int64_t opset;
    const oc__onnx_function *function; /* of whose call this is a part; NULL: none */
    const oc__onnx_node *call;
} oc__onnx_scope;

typedef struct oc__onnx_reader {
    oc_context *context;
    oc_graph *graph;
    oc__onnx_model model;
    oc__onnx_files files;
    oc__onnx_scope *scope;
    oc__onnx_names states; /* names that initializers of bodies have got */
    oc__onnx_binding *bindings;
    oc__onnx_binding mark; /* of used names */
    int depth;
    int64_t node_count; /* of bodies and functions */
    const oc_onnx_given *given;
    size_t given_count;
} oc__onnx_reader;

/* given.c */
const oc_tensor *oc__onnx_given_find(const oc__onnx_reader *reader, const char *name); /* NULL: none */
/* The contents of a value where they follow from constants and given inputs; else *out is NULL. */
oc_status oc__onnx_evaluate(oc__onnx_reader *reader, const oc_value *value, oc_tensor **out, oc_error *err);

/* names.c */
oc__onnx_binding *oc__onnx_names_find(const oc__onnx_names *names, const char *name);
bool oc__onnx_names_add(oc__onnx_names *names, const char *name, oc__onnx_binding *binding); /* false when out of memory */
void oc__onnx_names_finish(oc__onnx_names *names);

/* scope.c */
/* Begins a scope within the one of now, until it is left, also when this fails. `outer` NULL: it sees no other names. */
oc_status oc__onnx_scope_enter(oc__onnx_reader *reader, oc__onnx_scope *scope, oc__onnx_scope *outer, oc_error *err);
void oc__onnx_scope_leave(oc__onnx_reader *reader);
oc__onnx_binding *oc__onnx_find(const oc__onnx_reader *reader, const char *name); /* in the scope of now and those around it */
bool oc__onnx_is_used(const oc__onnx_reader *reader, const char *name);
oc_status oc__onnx_bind(oc__onnx_reader *reader, const char *name, oc__onnx_binding **out, oc_error *err); /* a new name */
/* A name for what has one already. */
oc_status oc__onnx_alias(oc__onnx_reader *reader, const char *name, oc__onnx_binding *binding, oc_error *err);
/* A number as a constant without a name. */
oc_status oc__onnx_number_binding(oc__onnx_reader *reader, oc_dtype dtype, int64_t value, oc__onnx_binding **out, oc_error *err);
/* Its contents, where they are constant or follow from given inputs. */
oc_status oc__onnx_binding_see(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_error *err);
oc_status oc__onnx_binding_load(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_error *err); /* an initializer's contents */
oc_status oc__onnx_binding_value(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_value **out, oc_error *err);
/* Takes the tensor, also on failure. */
oc_status oc__onnx_bind_tensor(oc__onnx_reader *reader, const char *name, oc_tensor *tensor, uint64_t symbols, oc_error *err);
void oc__onnx_reader_finish(oc__onnx_reader *reader);

/* rules.c: the rules of all ops. The first that fits; op may be NULL. */
/* context: whose ops of the caller's there are too; NULL: none. */
const oc__onnx_rule *oc__onnx_rule_find(oc_context *context, const oc__onnx_node *node, int64_t opset, const oc__op **op);
const oc__onnx_rule *oc__onnx_rule_of(const oc__op *op); /* to write it, NULL: none; that of the lowest opset from the usual on */
int oc__onnx_opset_of(const oc_node *node); /* the lowest opset, from the usual one on, in which it can be written */
/* "Einsum, com.x.Foo, Conv of opset 5": every operator of a graph that has no rule; an empty text if there is none. */
void oc__onnx_unsupported(const oc__onnx_reader *reader, const oc__onnx_graph *graph, oc__string *out);

/* body.c: in the scope of now. Checks the operators, binds the initializers, marks how names are used. */
oc_status oc__onnx_graph_prepare(oc__onnx_reader *reader, oc__onnx_graph *graph, oc_error *err);
oc_status oc__onnx_mark_used(oc__onnx_reader *reader, const char *name, oc_error *err);
oc_status oc__onnx_graph_read(oc__onnx_reader *reader, const oc__onnx_graph *graph, oc_error *err);
/* A body in a scope of its own: in[] as its inputs, out[] receives its outputs. */
oc_status oc__onnx_body_read(oc__onnx_reader *reader, oc__onnx_graph *body, oc__onnx_binding *const *in, int in_count,
                             oc__onnx_binding **out, int out_count, oc_error *err);

/* function.c */
const oc__onnx_function *oc__onnx_function_find(const oc__onnx_reader *reader, const oc__onnx_node *node); /* NULL: none */
oc_status oc__onnx_function_call(oc__onnx_reader *reader, const oc__onnx_function *function, const oc__onnx_node *node,
                                 oc_error *err);
/* A node of a function as its caller means it: attributes that the caller has, inputs that it leaves out. */
oc_status oc__onnx_function_node(oc__onnx_reader *reader, const oc__onnx_node *node, const oc__onnx_node **out, oc_error *err);
/* Whether input `index` is a state that training leaves alone. */
bool oc__onnx_function_freezes(const oc__onnx_reader *reader, const oc__onnx_function *function, int index);

/* control.c: If, Loop, Scan. */
typedef oc_status (*oc__onnx_control)(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err);
oc__onnx_control oc__onnx_control_find(const oc__onnx_node *node, int64_t opset); /* NULL: it is none of them */
bool oc__onnx_is_default(const oc__onnx_node *node); /* rules.c: an operator of ONNX's own domain */

/* node.c. err is not NULL. */
oc_status oc__onnx_read_node(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err);
/* Fills reading->out from reading->in by the rule. */
oc_status oc__onnx_run_rule(const oc__onnx_reading *reading, oc_error *err);

/* fold.c: nodes that are computed while reading. */
bool oc__onnx_folds(const oc__onnx_node *node); /* a type that exists only here: Constant, Shape, … */
/* Lists of sizes (i64, up to 64 entries, perhaps symbols). *out stays NULL where it does not apply. */
oc_status oc__onnx_fold_sizes(const oc__onnx_reading *reading, oc_tensor **out, uint64_t *symbols, oc_error *err);
/* Computes the outputs of a node by the ops' definitions; known holds all inputs. out[i] stays NULL where it is too much work. */
oc_status oc__onnx_fold_node(const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);
oc_status oc__onnx_fold_constant_of_shape(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);
/* The tensor of a Constant node. */
oc_status oc__onnx_fold_constant(oc__onnx_reader *reader, const oc__onnx_reading *reading, oc_tensor **out, oc_error *err);

#endif
