/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file graph.h
 * Networks as graphs: values, and the nodes that make values from values.
 *
 * A graph is built in C with the functions of this header and of op/, or read from a model file (onnx.h). Types and
 * shapes are checked and inferred when a node is made, so a mistake is reported at the call that makes it:
 *
 *     oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 784), err);
 *     oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(784, 10), &oc_init_params(OC_INIT_XAVIER), err);
 *     oc_graph_output(graph, "y", oc_softmax(graph, oc_matmul(graph, x, w, NULL, err), -1, err), err);
 *     if (oc_graph_check(graph, err) != OC_OK) ...
 *
 * Functions that add to a graph return the new value, which the graph owns, or NULL on failure. A NULL operand makes the
 * result NULL and keeps the first error, so calls nest and one oc_graph_check() at the end is enough.
 *
 * A graph only describes: it holds no device memory and can be used for any number of plans (plan.h). Hidden effects do
 * not exist: what changes from run to run (parameters, running statistics, the optimizer's moments, the random counter)
 * is *state*: a value that is read at the start of a run and replaced at its end by the value that oc_graph_update() names.
 *
 * Threads: a graph is used by one thread at a time; a finished one may be read by several.
 */
#ifndef OCELLI_GRAPH_H
#define OCELLI_GRAPH_H

#include <ocelli/context.h>
#include <ocelli/tensor.h>

/** Values and the nodes that make them. Opaque. */
typedef struct oc_graph oc_graph;
/** A value of a graph, owned by it. Opaque. */
typedef struct oc_value oc_value;

/** How a state's first value is made. Random numbers depend on the seed, the state's name and the element's index only. */
typedef enum oc_init_kind {
    OC_INIT_CONSTANT = 0,      /**< Every element is `value`. */
    OC_INIT_UNIFORM = 1,       /**< Uniform in [-bound, bound) around value; bound = scale. */
    OC_INIT_NORMAL = 2,        /**< Normal with mean value and deviation scale. */
    OC_INIT_XAVIER = 3,        /**< Uniform, bound = scale * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010). */
    OC_INIT_XAVIER_NORMAL = 4, /**< Normal, deviation = scale * sqrt(2 / (fan_in + fan_out)). */
    OC_INIT_HE = 5,            /**< Normal, deviation = scale * sqrt(2 / fan_in) (He et al. 2015). */
    OC_INIT_HE_UNIFORM = 6,    /**< Uniform, bound = scale * sqrt(6 / fan_in). */
    OC_INIT_FAN_IN = 7         /**< Uniform, bound = scale / sqrt(fan): layers and their biases as PyTorch makes them. */
} oc_init_kind;

/** How a state begins. */
typedef struct oc_init {
    oc_init_kind kind; /**< Default: OC_INIT_CONSTANT. */
    double value;      /**< Default: 0. */
    double scale;      /**< Default (0): 1. */
    /** Inputs that one output sums over. Default (0): from the shape, for convolution weights (O, I, kernel...)
     * I * kernel; for matrices (in, out) the first size, or the second one if `transposed`. */
    int64_t fan_in;
    int64_t fan_out;   /**< Likewise. */
    bool transposed;   /**< The matrix is (out, in). */
    bool frozen;       /**< Not a parameter that training changes: running statistics, moments, counters. */
} oc_init;
/** Named arguments: oc_init_params(OC_INIT_HE, .scale = 0.5). */
#define oc_init_params(...) ((oc_init){__VA_ARGS__})

/** What is known of a graph's input, output or state. */
typedef struct oc_value_info {
    const char *name; /**< Lives as long as the graph. */
    oc_dtype dtype; /**< Type of its elements. */
    oc_shape shape;   /**< May hold symbols. */
    bool trainable;   /**< A state that is not frozen. */
} oc_value_info;

OC_BEGIN

/** Makes an empty graph; destroy with oc_graph_destroy(). */
OC_EXPORT OC_MUST_USE oc_status oc_graph_create(oc_graph **out, oc_context *context, oc_error *err);
/** Destroys a graph and all of its values and sets *graph to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_graph_destroy(oc_graph **graph);

/** The size named `name` (letters, digits, any printable text), for use in shapes: the same name, the same size. */
OC_EXPORT int64_t oc_graph_symbol(oc_graph *graph, const char *name);
/** The text of a size: its digits, or the symbol's name or formula. Lives as long as the graph. */
OC_EXPORT const char *oc_graph_dim_text(oc_graph *graph, int64_t dim);

/** Adds an input, given anew for each run. Names of inputs and of states are unique among both. */
OC_EXPORT oc_value *oc_graph_input(oc_graph *graph, const char *name, oc_dtype dtype, const oc_shape *shape, oc_error *err);
/** Adds a constant: the elements of a host tensor, which are copied. @param name may be NULL. */
OC_EXPORT oc_value *oc_graph_constant(oc_graph *graph, const char *name, const oc_tensor *tensor, oc_error *err);
/** Adds a constant scalar; for whole types the value is cut towards zero and held in their range. */
OC_EXPORT oc_value *oc_graph_scalar(oc_graph *graph, oc_dtype dtype, double value, oc_error *err);
/** Adds a state. @param init NULL: zeros, trainable. */
OC_EXPORT oc_value *oc_graph_state(oc_graph *graph, const char *name, oc_dtype dtype, const oc_shape *shape,
                                   const oc_init *init, oc_error *err);
/** Adds a state whose first value is a host tensor, which is copied. */
OC_EXPORT oc_value *oc_graph_state_tensor(oc_graph *graph, const char *name, const oc_tensor *tensor, bool frozen,
                                          oc_error *err);

/** Names a value that a run gives out. One value may have several names; names are unique among outputs. */
OC_EXPORT OC_MUST_USE oc_status oc_graph_output(oc_graph *graph, const char *name, oc_value *value, oc_error *err);
/** Says that at the end of a run a state is replaced by a value of its type and shape. */
OC_EXPORT OC_MUST_USE oc_status oc_graph_update(oc_graph *graph, oc_value *state, oc_value *value, oc_error *err);

/**
 * Adds the gradients of a value with respect to others, as nodes.
 * @param loss a floating-point value; the gradient is that of the sum of its elements.
 * @param gradients receives a value for each of wrt, of its shape: zeros where the loss does not depend on it.
 */
OC_EXPORT OC_MUST_USE oc_status oc_graph_gradients(oc_graph *graph, oc_value *loss, oc_value *const *wrt, size_t count,
                                                   oc_value **gradients, oc_error *err);

/**
 * Makes states frozen, so that training leaves them alone.
 * @param pattern a state's name, in which * stands for any text and ? for one letter.
 * @return the number of states of such names.
 */
OC_EXPORT size_t oc_graph_freeze(oc_graph *graph, const char *pattern);

/** OC_OK, or the first error that was met while adding to the graph. */
OC_EXPORT OC_MUST_USE oc_status oc_graph_check(const oc_graph *graph, oc_error *err);

/** Type, shape and name of a value; the name is NULL for values nobody named. */
OC_EXPORT oc_value_info oc_value_get_info(const oc_value *value);
/** Gives a value a name, for reports; replaces an earlier one. */
OC_EXPORT void oc_value_set_name(oc_value *value, const char *name);

/** Inputs, outputs and states by number, in the order they were added. Numbers past the end give NULL names. */
OC_EXPORT size_t oc_graph_input_count(const oc_graph *graph);
/** An input by number. */
OC_EXPORT oc_value_info oc_graph_get_input(const oc_graph *graph, size_t index);
/** Number of outputs. */
OC_EXPORT size_t oc_graph_output_count(const oc_graph *graph);
/** An output by number. */
OC_EXPORT oc_value_info oc_graph_get_output(const oc_graph *graph, size_t index);
/** Number of states. */
OC_EXPORT size_t oc_graph_state_count(const oc_graph *graph);
/** A state by number. */
OC_EXPORT oc_value_info oc_graph_get_state(const oc_graph *graph, size_t index);
/**
 * The input, state or output of that name (looked for in this order), else the first value inside that is named so: by
 * oc_value_set_name(), by the file that it was read from, or by its layer (net.h). NULL if there is none.
 */
OC_EXPORT oc_value *oc_graph_find(const oc_graph *graph, const char *name);

/** A text kept with the graph and its model file, such as "mean"; NULL if there is none. */
OC_EXPORT const char *oc_graph_get_metadata(const oc_graph *graph, const char *key);
/** Keeps a text with the graph; NULL removes it. */
OC_EXPORT OC_MUST_USE oc_status oc_graph_set_metadata(oc_graph *graph, const char *key, const char *text, oc_error *err);
/** The keys by number; NULL past the end. */
OC_EXPORT const char *oc_graph_metadata_key(const oc_graph *graph, size_t index);

/** Prints the graph, a line a node. */
OC_EXPORT void oc_graph_print(const oc_graph *graph, const oc_writer *writer);

OC_END

#endif
