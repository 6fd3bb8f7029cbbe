/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the reorder room share. */
#ifndef OC_REORDER_H
#define OC_REORDER_H

#include "op/op.h"

void oc__reorder_layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out);
extern const oc__solver oc__reorder_tiles;

#endif
