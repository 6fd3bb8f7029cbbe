/* SPDX-License-Identifier: Apache-2.0 */
/* What the rooms of determinants and of inverses share: square matrices, each work-item one of its own to work in. */
#ifndef OC_DET_H
#define OC_DET_H

#include <ocelli/op/det.h>

#include "op/room.h"

oc_status oc__matrix_check(const oc__inference *inference, oc_error *err); /* operand 0: (..., n, n) of a floating-point type */
int64_t oc__matrix_size(const oc__problem *problem);                       /* n */
size_t oc__matrix_element(const oc__problem *problem);                     /* bytes of an element of the workspace */
/* A kernel of x, the result, the workspace, items and n, in the file of that name. */
oc_status oc__matrix_record(const oc__recording *recording, const char *file, const char *kernel, const char *more, int64_t items,
                            oc_error *err);

/* One step of elimination in n rows of w elements: the largest number of column k from row k on comes into row k, and what is below
 * it is made 0 (but not written). True: two rows changed places. */
bool oc__matrix_eliminate(double *a, int64_t n, int64_t w, int64_t k);

#endif
