/* SPDX-License-Identifier: Apache-2.0 */
/* The room of random numbers. A counter is (seed, run); element i of stream s in run r is drawn at Philox key `seed`, counter
 * (oc__random_stream(s, r), i), so neither layout nor splitting matters. */
#ifndef OC_RANDOM_ROOM_H
#define OC_RANDOM_ROOM_H

#include <ocelli/op/random.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__random_onnx[], oc__random_draw_onnx[];

bool oc__is_counter(const oc__desc *desc);

/* The two words of a stream and a run as one, the same as in cl/dropout.cl. */
uint64_t oc__random_stream(int64_t stream, int64_t run);

#endif
