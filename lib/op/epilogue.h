/* SPDX-License-Identifier: Apache-2.0 */
/* Epilogues as program text and as kernel arguments.
 *
 * A kernel takes POST_PARAMS behind its other parameters and says, for a float or floatN v of type VT,
 *
 *     POSTS(VT, v, BIAS, RESIDUAL)
 *
 * where BIAS(p, off) and RESIDUAL(p, off) are its own macros that load what belongs to v's element. */
#ifndef OC_EPILOGUE_H
#define OC_EPILOGUE_H

#include "op/op.h"

void oc__epilogue_define(const oc__problem *problem, oc__string *defines);
void oc__epilogue_args(const oc__recording *recording, oc__step *step);
/* Applies the epilogue to output 0, row-major, in double precision. */
void oc__epilogue_host(const oc__problem *problem, const double *const *in, double *out);

/* A float of a program's text; infinities have a name in OpenCL C. */
void oc__epilogue_number(oc__string *text, double value);

#endif
