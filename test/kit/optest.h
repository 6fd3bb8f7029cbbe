/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of op rooms: every solver of a problem against the op's definition in double precision, and gradients against finite
 * differences of the definitions. */
#ifndef OC_OPTEST_H
#define OC_OPTEST_H

#include "kit/kit.h"
#include "op/rig.h"

typedef enum optest_flags {
    OPTEST_SPECIAL = 1,   /* some inputs are NaN, infinite, or -0 */
    OPTEST_POSITIVE = 2,  /* floating-point inputs in (0, 2) */
    OPTEST_NO_FAST = 4,   /* only `ref` takes this */
    OPTEST_CLASSES = 8,   /* integers of 0 … 9, not 0 … 2 */
    OPTEST_NO_OPTIONAL = 16, /* optional outputs are left out */
    OPTEST_ANY = 32,        /* fast solvers take it on some devices only */
    OPTEST_LOCAL = 64       /* where there are 32 KiB of local memory */
} optest_flags;

typedef struct optest_case {
    const char *problem; /* problem text; its sizes, types and params */
    const char *layout;  /* how operands (and outputs) of this rank lie before; NULL: plain */
    unsigned flags;
    double relative;     /* allowed: relative * (|want| + the mean of |want|); 0: 1e-5, f16 1e-3; exact ops on their integers: 0 */
    const char *to;      /* the layout of outputs, if not `layout` */
} optest_case;

/* Runs one case on the device with each solver that takes it; fails the test with texts. */
void optest_run(kit *k, const optest_case *c);
void optest_run_all(const optest_case *cases, size_t count);
/* With each solver that takes it, with each variant of its tuning space. */
void optest_variants(kit *k, const optest_case *c);
/* One problem on inputs of one's own. */
void optest_values(kit *k, const char *problem, const double *const *in);
void optest_values_within(kit *k, const char *problem, const double *const *in, double relative);
/* The fastest solver by estimate must be this one. */
void optest_chooses(kit *k, const optest_case *c, const char *solver);
/* Seconds of the best of a few runs with a solver of that name, and the bytes by the op's cost: for a look at speed. */
double optest_seconds(kit *k, const char *problem, const char *layout, const char *solver, double *bytes);

/* Gradients: build makes a value of inputs x[i] (f32 unless said otherwise). The sum of v * v + v of its elements is differentiated
 * by nodes, and by central differences of the definitions in double precision. */
typedef oc_value *(*optest_build)(oc_graph *graph, oc_value **x, oc_error *err);
typedef struct optest_gradient {
    const char *name;
    optest_build build;
    int count;
    oc_shape shapes[6]; /* a size of OPTEST_N is the symbol N, bound to 3 */
    unsigned flags;     /* OPTEST_POSITIVE */
    unsigned constant;  /* bit i: no gradient for x[i] */
    unsigned classes;   /* bit i: x[i] is of i64 and holds 0, 1, 2 */
    bool twice;         /* the first gradient is also summed likewise and differentiated again */
} optest_gradient;
#define OPTEST_N INT64_MIN
#define OPTEST_N_SIZE 3
void optest_gradients(const optest_gradient *cases, size_t count);

#endif
