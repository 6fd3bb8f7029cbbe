/* SPDX-License-Identifier: Apache-2.0 */
/* What a solver is: one way to compute a problem.
 *
 * All of a solver's functions are pure: what they give depends on problem, caps and variant only. Order in an op's table
 * breaks ties; estimates and measurements decide. The last one, `ref`, is one work-item per output element, plainly right, on any
 * OpenCL 1.2 device, any types, plain layouts, any prologue and epilogue. */
#ifndef OC_SOLVER_H
#define OC_SOLVER_H

#include "device/device.h"
#include "op/problem.h"
#include "op/step.h"

#define OC_WHY 200
#define OC_MAX_TUNING 6

/* A tuning space: named integers and the values they may take; variant[i] is a value of parameter i. */
typedef struct oc__tuning {
    const char *name;
    const int32_t *values; /* ends with 0 */
} oc__tuning;

typedef struct oc__variant {
    int32_t value[OC_MAX_TUNING];
} oc__variant;

/* Where an operand lies. Elements are found at byte offset `place.offset`; the outermost index of its layout's first axis is
 * stride0 elements from one to the next (larger than dense in concat and split). */
typedef struct oc__operand {
    oc__place place;
    int64_t stride0;
} oc__operand;

typedef struct oc__recording {
    oc_context *context;
    const oc__caps *caps;
    const oc__problem *problem;
    const oc__operand *in, *out;
    oc__place workspace;
    oc__variant variant;
    oc__steps *steps; /* to be added to */
} oc__recording;

typedef enum oc__solver_flags {
    OC_SOLVER_STRIDED_IN = 1,  /* takes stride0 of operand 0 larger than dense */
    OC_SOLVER_STRIDED_OUT = 2, /* likewise of output 0 */
    OC_SOLVER_INEXACT = 4,     /* rounds differently even where sums of small integers are exact (Winograd) */
    OC_SOLVER_LONE = 8         /* one work-item a group, its sums in vectors: a thread of a CPU; one lane of many where items run in lockstep */
} oc__solver_flags;

typedef struct oc__solver {
    const char *name; /* "conv2d.direct" */
    uint32_t flags;
    /* Whether it can compute this problem (layouts in it are what values have now, not a demand); else why not. */
    bool (*applicable)(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
    /* The layouts it wants: in[] and out[] come filled with plain ones. NULL: all plain. */
    void (*layouts)(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out);
    const oc__tuning *space; /* ends with a NULL name; NULL: nothing to tune */
    /* The variant used when nothing was measured. NULL: the first value of each parameter. */
    void (*variant)(const oc__problem *problem, const oc__caps *caps, oc__variant *out);
    uint64_t (*workspace)(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant); /* NULL: 0 bytes */
    double (*estimate)(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant);    /* seconds */
    oc_status (*record)(const oc__recording *recording, oc_error *err);
} oc__solver;

/* Whether the context's `disable` list names it. */
bool oc__solver_disabled(const oc_context *context, const oc__solver *solver);
/* The roofline of a share of both peaks plus a launch: the usual estimate. */
double oc__estimate_roofline(const oc__problem *problem, const oc__caps *caps, double flops_share, double bytes_share);
/* A solver's estimate in seconds, of OC_SOLVER_LONE as slow as it is where items run in lockstep. */
double oc__solver_estimate(const oc__solver *solver, const oc__problem *problem, const oc__caps *caps, const oc__variant *variant);
/* "#define T0_f32 …": the types of the operands (types.clh), A0 … for in[], Z0 … for out[]. */
void oc__define_types(const oc__problem *problem, oc__string *defines);

#endif
