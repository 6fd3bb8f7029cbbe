/* SPDX-License-Identifier: Apache-2.0 */
/* One submitting thread a device, for plans of several devices. */
#ifndef OC_CREW_H
#define OC_CREW_H

#include "base/base.h"

typedef struct oc__crew oc__crew;
typedef struct oc__job {
    void (*run)(void *user, int32_t index);
    void *user;
    int32_t index;
    size_t worker;
} oc__job;
oc_status oc__crew_create(oc__crew **out, oc_context *context, size_t workers, oc_error *err);
/* Queues jobs behind all earlier ones, all at once, so that every worker meets them in the same order of runs. *claimed, if set: the
 * caller would do worker `own`'s jobs himself; it stays set if that worker has nothing to do, which then waits for oc__crew_return(). */
oc_status oc__crew_submit(oc__crew *crew, const oc__job *jobs, size_t count, size_t own, bool *claimed, oc_error *err);
void oc__crew_return(oc__crew *crew, size_t worker);
/* Ends the workers when they have done what is queued. After oc__crew_abandon() a worker that does not come back is left alone. */
void oc__crew_destroy(oc__crew **crew);
void oc__crew_abandon(oc__crew *crew);

#endif
