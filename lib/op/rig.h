/* SPDX-License-Identifier: Apache-2.0 */
/* One problem set up on a device with one solver: for verification, benchmarks, tests. */
#ifndef OC_RIG_H
#define OC_RIG_H

#include "op/op.h"
#include "tensor/tensor.h"

/* convert.c: between plain arrays of doubles and elements in a layout (padding lanes zero). */
void oc__pack_doubles(const oc__desc *desc, const double *plain, void *elements);
void oc__unpack_doubles(const oc__desc *desc, const void *elements, double *plain);

/* problem.c: a copy of a problem's descs (params are shared) in an arena, with the layouts that a solver wants. */
oc_status oc__problem_copy(oc__arena *arena, const oc__problem *from, oc__problem *out, oc_error *err);
void oc__problem_adopt_layouts(oc__problem *problem, const oc__solver *solver, const oc__caps *caps);
/* A problem with the same params and smaller sizes, for verification; the same one where sizes cannot be changed. */
oc_status oc__problem_shrink(oc_context *context, oc__arena *arena, const oc__problem *from, oc__problem *out, oc_error *err);

typedef struct oc__rig {
    oc_device *device;
    oc__arena arena;
    oc__problem problem;
    oc__slab *slabs; /* in[], out[], workspace */
    size_t slab_count;
    oc__steps steps;
    oc__launches launches;
} oc__rig;
oc_status oc__rig_init(oc__rig *rig, oc_device *device, const oc__problem *problem, const oc__solver *solver,
                       const oc__variant *variant, oc_error *err);
void oc__rig_finish(oc__rig *rig);
oc_status oc__rig_write(oc__rig *rig, int operand, const double *plain, oc_error *err);
/* Numbers in (-1, 1), small class numbers for integers; never denormal. */
oc_status oc__rig_fill(oc__rig *rig, int operand, oc_error *err);
oc_status oc__rig_read(oc__rig *rig, int output, double *plain, oc_error *err);
/* Reads the padding lanes too: false (and *ok) if one is not zero. */
oc_status oc__rig_padding_is_zero(oc__rig *rig, int output, bool *ok, oc_error *err);
oc_status oc__rig_run(oc__rig *rig, oc_error *err); /* and waits */

/* verify.c: whether a solver gives right results for a small problem of the same kind on this device; verdicts are remembered with
 * the device and in the cache folder. OC_OK: trusted. OC_ERROR_TRUST: wrong, said and logged. */
oc_status oc__verify(oc_device *device, const oc__problem *problem, const oc__solver *solver, const oc__variant *variant,
                     oc_error *err);

/* choose.c: one way to compute a problem, as considered. */
typedef struct oc__candidate {
    const oc__solver *solver;
    oc__variant variant;
    double seconds;   /* measured, or an estimate */
    bool measured;
    bool refused;     /* not applicable, disabled, or distrusted; then why says so */
    char why[OC_WHY];
} oc__candidate;
#define OC_MAX_CANDIDATES 16
void oc__solver_variant(const oc__solver *solver, const oc__problem *problem, const oc__caps *caps, oc__variant *out);
/* All solvers of the op, in table order; the problem's layouts are those its operands have now. `reference`: only the last. */
int oc__candidates(oc_device *device, const oc__problem *problem, bool reference, oc__candidate out[OC_MAX_CANDIDATES]);
/* The fastest candidate that is trusted, reorders not counted. */
oc_status oc__choose(oc_device *device, const oc__problem *problem, bool reference, oc__candidate *out, oc_error *err);

#endif
