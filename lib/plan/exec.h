/* SPDX-License-Identifier: Apache-2.0 */
/* An exec from the inside. */
#ifndef OC_EXEC_PRIVATE_H
#define OC_EXEC_PRIVATE_H

#include "plan/derived.h"

/* Whether a run is to go on; one for an exec and all that it is made of. */
typedef struct oc__control {
    atomic_bool cancelled; /* by any thread */
    _Atomic double until;  /* on oc__clock_seconds(); 0: any time. A device that has not come back from an earlier run may look */
} oc__control;

struct oc_exec {
    void *next_lost; /* of the context's list */
    oc_context *context;
    oc_plan *plan;
    oc_state *state;
    bool own_state;
    oc__derived *derived;
    oc__slab *slabs;    /* by the plan's slab numbers */
    oc__buffer **arena; /* what the exec itself owns of them */
    oc__queue *queue;   /* its own, or the device's */
    bool own_queue;
    oc__launches launches, derive_launches;
    bool *given;        /* by input: has been given once */
    bool profiling;
    oc__event **events; /* by step, while profiling */
    double *seconds;    /* by step of the last run */
    oc__control own_control, *control;
    double deadline;    /* seconds a run may take; 0: any */
    struct oc__team *member_of; /* the team that this one does a part of, and which; NULL: none */
    int32_t part;
    struct oc__team *team; /* several devices (team.h): what is above is not used, but for plan, state and profiling */
};

/* run.c: enqueues the derived tasks whose results are older than the state, under its lock. */
oc_status oc__exec_derive(oc_exec *exec, oc_error *err);
/* run.c: copies an output of the last run out. */
oc_status oc__exec_read(oc_exec *exec, const char *name, oc_tensor *tensor, oc_error *err);
/* doubt.c: a run has failed while it was changing states, or after some of it: they are uncertain. */
void oc__exec_doubt(oc_exec *exec);

oc_status oc__exec_run_steps(oc_exec *exec, size_t first, size_t last, oc_error *err);

/* meet.c: steps first … first + count - 1 of a member of a team, which are one meeting. */
oc_status oc__exec_meet(oc_exec *exec, size_t first, size_t count, oc_error *err);

/* pace.c: begins a run, that is waited for or only enqueued. */
void oc__exec_begin(oc_exec *exec, bool waits);
/* The steps before `last`, unless the run is cancelled or its time is over; `waits`: the host keeps close to the device. */
oc_status oc__exec_run_paced(oc_exec *exec, size_t last, bool waits, oc_error *err);

/* redzone.c: fills the zones around every value, and looks at them after a run. */
oc_status oc__exec_fill_zones(oc_exec *exec, oc_error *err);
oc_status oc__exec_check_zones(oc_exec *exec, oc_error *err);

/* recover.c: whether another device may succeed where one has failed so; the device that the last failed run is to be blamed on,
 * which may be none of the plan's; whether it may still touch the exec's state. */
bool oc__is_the_devices(oc_status status);
oc_device *oc__exec_failed_device(const oc_exec *exec);
bool oc__exec_is_abandoned(const oc_exec *exec);

#endif
