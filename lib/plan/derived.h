/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_DERIVED_H
#define OC_DERIVED_H

#include "plan/plan.h"

oc_status oc__derived_get(oc__derived **out, oc_state *state, const oc_plan *plan, oc_error *err);
void oc__derived_put(oc__derived **derived, oc_state *state);

#endif
