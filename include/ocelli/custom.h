/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file custom.h
 * Operators of your own: kernels in OpenCL C that become nodes of graphs, beside the library's.
 *
 *     const oc_custom_kernel kernel = {.name = "swish", .source = text};
 *     const oc_custom_params params = {.name = "org.example.swish", .host = swish_host, .gradient = swish_gradient,
 *                                      .batched = true, .kernels = &kernel};
 *     oc_custom_create(&swish, context, &params, &err);
 *     y = oc_graph_custom(graph, swish, NULL, 0, &x, 1, NULL, &err);
 *
 * What you say of an operator is what it can do. With a definition on the host its kernels are proven on the user's device
 * before their first use, as the library's are, its constants fold, and oc_gradcheck() has its reference; with a gradient it
 * trains; batched, it is split over devices; with a shape rule it takes symbols as sizes. In its context it goes by its name: in
 * pins ("op:org.example.swish"), problem texts, oc_op_create(), and ONNX models, where all before the last dot is the node's
 * domain and the rest its type.
 *
 * **Kernels** are OpenCL C 1.2. All operands and outputs are dense and row-major (what lies otherwise is reordered). By default
 * a kernel is run for the elements of output 0, one work-item each, and its arguments are
 *
 *     __kernel void swish(__global const float *x, long x_at,    // each operand: its buffer, and its first element in it
 *                         __global float *y, long y_at,          // each output likewise
 *                         long items)                            // there may be more work-items: they do nothing
 *                                                                // then each number of the params, in the order of the fields
 *
 * oc_custom_kernel::args says it otherwise: a list, with spaces between, of
 *
 *     in, out            all operands, all outputs (two arguments each)
 *     in0, out1          one of them; an operand that is left out has no arguments
 *     in0.2, out0.-1     the size of an axis, a long; negative axes count from the end
 *     in0.count          the number of its elements, a long
 *     items, items.1     the number of work-items along an axis, without those that round it up, a long
 *     params             all fields: long for i64, int for i32 and bool, float for f32
 *     alpha, taps, taps.1    one field: of an array all entries, or one
 *     n0 … n7            oc_custom_launch::numbers, each a long
 *     workspace          a `__global uchar *` and a long: the byte where it begins, a multiple of 64
 *     local              a `__local` pointer to oc_custom_launch::local_bytes
 *
 * In front of the source stand `#define IN0 f32`, … `#define OUT0 f32`, … (the types of those operands that there are) and
 * oc_custom_launch::defines. A source that has "OC_" in it may use OC_TYPE(IN0) (what lies in memory), OC_REAL(IN0) (what one
 * computes with: float for f32, f16 and bf16), OC_LOAD(IN0, x, i) and OC_STORE(OUT0, y, i, value), and so take any type on any
 * device: half need not be known there.
 *
 * **Callbacks** get an `oc_error` that is never NULL: one that fails writes its sentence into err->text and returns the status.
 * They depend on nothing but what they are given and are called as often as the library likes, by any thread that makes graphs,
 * plans or operators, possibly by several at once; `user` is the caller's business. They must not call functions that take the
 * same graph, but for `gradient`, which adds to it.
 *
 * Threads: an oc_custom never changes and may be used by any number of threads. It must not be destroyed while another thread
 * looks for it by its name.
 */
#ifndef OCELLI_CUSTOM_H
#define OCELLI_CUSTOM_H

#include <ocelli/graph.h>
#include <ocelli/op.h>

/** An operator of the caller's. Opaque. */
typedef struct oc_custom oc_custom;

/** The most operands. */
#define OC_CUSTOM_OPERANDS 32
/** The most outputs. */
#define OC_CUSTOM_OUTPUTS 16
/** The most kernels. */
#define OC_CUSTOM_KERNELS 8
/** The largest params struct, in bytes. */
#define OC_CUSTOM_PARAMS 512
/** The most numbers, and the most defines, of a launch. */
#define OC_CUSTOM_NUMBERS 8

/**
 * A number, or an array of numbers, of the params struct. Numbers are a part of the problem: printed, compared, written to models.
 * What no field names does not reach the callbacks.
 */
typedef struct oc_custom_field {
    const char *name; /**< As in C; the attribute's name in ONNX. Not a word that oc_custom_kernel::args has otherwise. */
    oc_dtype dtype;   /**< OC_I64 and OC_F32, also arrays; OC_I32, OC_BOOL. Whole numbers up to 2^53. */
    size_t offset;    /**< In the struct. */
    size_t size;      /**< In bytes; of an array, of all of it. */
} oc_custom_field;
/** A field of a struct: OC_CUSTOM_FIELD(OC_F32, blur_params, taps). */
#define OC_CUSTOM_FIELD(dtype, type, member) {#member, dtype, offsetof(type, member), sizeof(((type *)0)->member)}

/** One use of an operator: params, types, and shapes in numbers. Lives for the call. */
typedef struct oc_custom_problem {
    const void *params;        /**< The struct, as the shape rule left it; NULL if there is none. */
    size_t in_count;           /**< Operands. */
    const oc_operand_desc *in; /**< Type OC_DTYPE_NONE: left out. */
    size_t out_count;          /**< Outputs. */
    const oc_operand_desc *out; /**< Types and shapes. */
    void *user;                /**< oc_custom_params::user. */
} oc_custom_problem;

/**
 * What a shape rule is given and gives. Sizes below 0 are symbols: equal ones are equal sizes; others are made by
 * oc_custom_dim_…().
 */
typedef struct oc_custom_shapes {
    void *params;              /**< The struct; the rule may put defaults where there are zeros. NULL if there is none. */
    size_t in_count;           /**< Operands. */
    const oc_operand_desc *in; /**< Type OC_DTYPE_NONE: left out. */
    size_t out_count;          /**< Outputs. */
    oc_operand_desc *out;      /**< To be filled. */
    void *user;                /**< oc_custom_params::user. */
    void *symbols;             /**< For oc_custom_dim_…(). */
} oc_custom_shapes;

/** What a gradient is given and gives. */
typedef struct oc_custom_gradient {
    oc_graph *graph;            /**< To add to. */
    const void *params;         /**< The struct; NULL if there is none. */
    size_t in_count;            /**< Operands. */
    oc_value *const *in;        /**< NULL: left out. */
    size_t out_count;           /**< Outputs. */
    oc_value *const *out;       /**< The values that the node made. */
    oc_value *const *diff_out;  /**< The gradient of each output; NULL: none arrives. */
    oc_value **diff_in;         /**< To be filled: of the operand's type and shape. NULL, as it comes: there is none. */
    const bool *wanted;         /**< By operand: whether anybody asks for it. */
    void *user;                 /**< oc_custom_params::user. */
} oc_custom_gradient;

/** What a launch may depend on of a device (after the mask). */
typedef struct oc_custom_device {
    oc_device_type type;     /**< CPU, GPU, … */
    uint32_t compute_units;  /**< Cores, as the driver counts them. */
    uint32_t lockstep;       /**< Work-items that go in lockstep; 1: one is a whole thread, and groups of one lose nothing. */
    uint64_t max_work_group; /**< Work-items. */
    uint64_t local_mem;      /**< Bytes for a work-group. */
    uint64_t max_alloc;      /**< Bytes of the largest buffer. */
    bool fp64;               /**< Double arithmetic. */
    double peak_flops;       /**< FLOP/s, as measured, else guessed. */
    double peak_bytes;       /**< B/s, likewise. */
} oc_custom_device;

/** `#define name value` in front of the source. */
typedef struct oc_custom_define {
    const char *name; /**< NULL: none. Lives as long as the operator, as literals do. */
    int64_t value;    /**< What it stands for. */
} oc_custom_define;

/** How a kernel is launched for a problem; comes filled with the defaults. */
typedef struct oc_custom_launch {
    int32_t pass;         /**< Which launch of oc_custom_kernel::passes this is. */
    const char *kernel;   /**< Another function of the source than oc_custom_kernel::name, for further passes; lives like it. */
    uint64_t items[3];    /**< Work-items along each axis. Default: the elements of output 0, 1, 1. A zero: nothing is launched. */
    uint64_t group[3];    /**< Work-items of a group; items are rounded up to whole groups. Default (0): about 64 in all. */
    uint64_t local_bytes; /**< Of the argument `local`. */
    uint64_t workspace;   /**< Bytes of the argument `workspace`, shared by all passes: the largest counts. */
    double seconds;       /**< What it is expected to take. Default (0): by oc_custom_kernel::share. */
    int64_t numbers[OC_CUSTOM_NUMBERS];          /**< The arguments n0, n1, … */
    oc_custom_define defines[OC_CUSTOM_NUMBERS]; /**< Each set of values is a program of its own: let them be few. */
} oc_custom_launch;

/** One way to compute an operator. */
typedef struct oc_custom_kernel {
    const char *name;   /**< Of the function. Unique among the operator's kernels. */
    const char *source; /**< OpenCL C 1.2, complete: nothing is included. */
    const char *args;   /**< See above. Default (NULL): "in out items params". */
    const char *types;  /**< Those that operands and outputs may have. Default (NULL): "f32". Such as "f32 f16 i64", or "all". */
    int32_t passes;     /**< Launches, one behind the other. Default (0): 1. */
    double share;       /**< Of the device's peaks that it reaches, for estimates. Default (0): 0.05. */
    /**
     * Changes how a pass is launched. A failure is why the kernel cannot compute this problem on this device: another kernel or
     * another device is then looked for. May be NULL.
     */
    oc_status (*launch)(oc_custom_launch *launch, const oc_custom_problem *problem, const oc_custom_device *device,
                        oc_error *err);
} oc_custom_kernel;

/** What an operator is. Texts and arrays are copied. */
typedef struct oc_custom_params {
    /** Such as "org.example.swish": letters, digits, `_` and `-`, with a dot in it; at most 55 letters; unique in its context. */
    const char *name;
    size_t in_min;    /**< Operands it needs. Default: 1, if in_max is 0 too. */
    size_t in_max;    /**< Operands it takes. Default (0): in_min. */
    size_t out_count; /**< Default (0): 1. */
    size_t params_size;            /**< sizeof the params struct. Default (0): there is none. */
    const oc_custom_field *fields; /**< Its numbers. */
    size_t field_count;            /**< Default: 0. */
    bool batched;          /**< Row i of the outputs depends on row i of those operands that have a batch as first axis. */
    const char *unbatched; /**< Else why not, for reports. Default (NULL): nobody says that it is. */
    bool exact;            /**< Small whole numbers give exact results: compared with the definition bit by bit. */
    double flops;          /**< An element of output 0. Default (0): 1. */
    /** The shape rule: fills out[]. Default (NULL): all outputs have type and shape of operand 0. */
    oc_status (*shapes)(oc_custom_shapes *shapes, oc_error *err);
    /**
     * The definition, in double precision, on dense arrays; operands that are left out are NULL. For checks, operands come as
     * random numbers around 0, whole ones as 0, 1 or 2, and a kernel may differ by 2e-4 (f16: 4e-3) of a number and a tenth of the
     * largest. Default (NULL): kernels are built, but not checked.
     */
    oc_status (*host)(const oc_custom_problem *problem, const double *const *in, double *const *out, oc_error *err);
    /** The gradient, as nodes. Default (NULL): there is none. */
    oc_status (*gradient)(oc_custom_gradient *gradient, oc_error *err);
    const oc_custom_kernel *kernels; /**< The last one is the plainest: oc_plan_params::reference takes it alone. */
    size_t kernel_count;             /**< Default (0): 1. */
    void *user;                      /**< For the callbacks. */
    /** Called once, when neither the caller nor any graph, plan, exec or operator needs `user` any more. May be NULL. */
    void (*release)(void *user);
} oc_custom_params;

OC_BEGIN

/**
 * Makes an operator. No device is needed: kernels are built when a plan needs them.
 * @param out destroy with oc_custom_destroy().
 * @return OC_ERROR_INVALID for a name that is taken or none, args that no kernel can have, fields outside of the struct.
 */
OC_EXPORT OC_MUST_USE oc_status oc_custom_create(oc_custom **out, oc_context *context, const oc_custom_params *params,
                                                 oc_error *err);
/**
 * Lets an operator go and sets *custom to NULL: its name is free; graphs, plans and execs that use it keep what they need.
 * NULL and *NULL are accepted.
 */
OC_EXPORT void oc_custom_destroy(oc_custom **custom);
/** The operator of that name in a context, such as the backward one in a gradient; NULL if there is none. Owned by its maker. */
OC_EXPORT oc_custom *oc_custom_find(oc_context *context, const char *name);
/** Its name; lives as long as it. */
OC_EXPORT const char *oc_custom_name(const oc_custom *custom);

/**
 * Adds a node.
 * @param params the struct (copied); NULL: zeros.
 * @param params_size sizeof the struct, checked.
 * @param in operands; optional ones may be NULL.
 * @param out receives all outputs; may be NULL.
 * @return output 0, NULL on failure.
 */
OC_EXPORT oc_value *oc_graph_custom(oc_graph *graph, const oc_custom *custom, const void *params, size_t params_size,
                                    oc_value *const *in, size_t in_count, oc_value **out, oc_error *err);

/** In shape rules, a + b. */
OC_EXPORT int64_t oc_custom_dim_add(const oc_custom_shapes *shapes, int64_t a, int64_t b);
/** In shape rules, a * b / c; -1 if numbers do not divide. @param c not 0. */
OC_EXPORT int64_t oc_custom_dim_ratio(const oc_custom_shapes *shapes, int64_t a, int64_t b, int64_t c);
/**
 * In shape rules, the places of a window: floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1, at least 0. So
 * size - b is that of kernel b + 1, stride and dilation 1.
 */
OC_EXPORT int64_t oc_custom_dim_window(const oc_custom_shapes *shapes, int64_t size, int64_t kernel, int64_t stride,
                                       int64_t dilation, int64_t padding);

OC_END

#endif
