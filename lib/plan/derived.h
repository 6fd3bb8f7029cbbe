/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_DERIVED_H
#define OC_DERIVED_H

#include "plan/plan.h"

oc_status oc__derived_get(oc__derived **out, oc_state *state, const oc_plan *plan, oc_error *err);
void oc__derived_put(oc__derived **derived, oc_state *state);
/* Under the state's lock: whether all is as the state is now; else which tasks have to run, by task (to be freed). */
bool oc__derived_is_current(const oc__derived *derived, const oc_state *state);
oc_status oc__derived_needed(const oc__derived *derived, const oc_state *state, const oc_plan *plan, bool **needed, oc_error *err);
void oc__derived_mark(oc__derived *derived, const oc_state *state); /* they have run */

#endif
