/* SPDX-License-Identifier: Apache-2.0 */
/* Which solver computes a problem. */
#include <stdio.h>
#include <string.h>

#include "op/tune.h"

void oc__solver_variant(const oc__solver *solver, const oc__problem *problem, const oc__caps *caps, oc__variant *out) {
    *out = (oc__variant){{0}};
    if (solver->variant) {
        solver->variant(problem, caps, out);
        return;
    }
    for (int i = 0; solver->space && solver->space[i].name; i++)
        out->value[i] = solver->space[i].values[0];
}

static void consider(oc_device *device, const oc__problem *problem, const oc__solver *solver, const char *key, oc__candidate *out) {
    const oc__caps *caps = oc__device_caps(device);
    *out = (oc__candidate){.solver = solver};
    if (oc__solver_disabled(oc__device_context(device), solver)) {
        out->refused = true;
        snprintf(out->why, OC_WHY, "disabled by name");
        return;
    }
    if (!solver->applicable(problem, caps, out->why)) {
        out->refused = true;
        return;
    }
    out->why[0] = 0;
    oc__solver_variant(solver, problem, caps, &out->variant);
    out->seconds = oc__solver_estimate(solver, problem, caps, &out->variant);
    out->measured = key && oc__find_get(device, key, solver->name, false, &out->variant, &out->seconds);
}

int oc__candidates(oc_device *device, const oc__problem *problem, bool reference, oc__candidate out[OC_MAX_CANDIDATES]) {
    int count = 0;
    const oc__solver *const *solvers = problem->op->solvers;
    oc__string key;
    oc__string_init(&key, oc__device_context(device));
    oc__find_key(problem, &key);
    for (int i = 0; solvers && solvers[i] && count < OC_MAX_CANDIDATES; i++)
        if (!reference || !solvers[i + 1])
            consider(device, problem, solvers[i], key.failed ? NULL : key.text, &out[count++]);
    oc__string_finish(&key);
    return count;
}

oc_status oc__choose(oc_device *device, const oc__problem *problem, bool reference, oc__candidate *out, oc_error *err) {
    oc__candidate all[OC_MAX_CANDIDATES];
    oc_context *context = oc__device_context(device);
    int count = oc__candidates(device, problem, reference, all);
    bool distrusted = false;
    for (;;) {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (!all[i].refused && (best < 0 || all[i].seconds < all[best].seconds))
                best = i;
        if (best < 0)
            break;
        oc_status status = oc__verify(device, problem, all[best].solver, &all[best].variant, err);
        if (status == OC_OK) {
            *out = all[best];
            return OC_OK;
        }
        if (status != OC_ERROR_TRUST && status != OC_ERROR_BUILD)
            return status;
        distrusted = true;
        all[best].refused = true;
        snprintf(all[best].why, OC_WHY, "it did not give right results on this device");
    }
    oc__string text;
    oc__string_init(&text, context);
    for (int i = 0; i < count; i++)
        oc__string_printf(&text, "%s%s: %s", i ? "; " : "", all[i].solver->name, all[i].why);
    oc_status status = oc__fail(context, err, distrusted ? OC_ERROR_TRUST : OC_ERROR_UNSUPPORTED,
                                "%s cannot be computed on %s: %s", problem->op->name, oc_device_get_info(device)->name,
                                count ? text.text : "the op has no solver");
    oc__string_finish(&text);
    return status;
}
