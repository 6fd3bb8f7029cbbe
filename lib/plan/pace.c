/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that can be ended early: the device is never far behind the host, which looks whether it should go on. */
#include "plan/exec.h"

/* Seconds of work, as estimated, between two looks; twice that is on its way at most. */
#define PIECE 0.02

void oc_exec_cancel(oc_exec *exec, bool cancelled) {
    atomic_store(&exec->control->cancelled, cancelled);
}

void oc_exec_set_deadline(oc_exec *exec, double seconds) {
    exec->deadline = seconds;
}

void oc__exec_begin(oc_exec *exec, bool waits) {
    if (exec->control == &exec->own_control)
        atomic_store_explicit(&exec->control->until, waits && exec->deadline > 0 ? oc__clock_seconds() + exec->deadline : 0,
                              memory_order_relaxed);
}

static oc_status look(const oc_exec *exec, size_t step, oc_error *err) {
    const oc__control *control = exec->control;
    if (atomic_load_explicit(&control->cancelled, memory_order_relaxed))
        return oc__fail(exec->context, err, OC_ERROR_CANCELLED, "the run was cancelled before step %zu of %zu", step + 1,
                        exec->plan->steps.count);
    double until = atomic_load_explicit(&control->until, memory_order_relaxed);
    if (until > 0 && oc__clock_seconds() > until)
        return oc__fail(exec->context, err, OC_ERROR_CANCELLED, "the run's deadline has passed before step %zu of %zu", step + 1,
                        exec->plan->steps.count);
    return OC_OK;
}

/* Waits for the piece before this one. */
static oc_status end_piece(oc_exec *exec, oc__event **before, oc_error *err) {
    oc__event *mark = NULL;
    OC_TRY(oc__queue_mark(exec->queue, &mark, err));
    oc_status status = oc__queue_flush(exec->queue, err);
    if (status == OC_OK)
        status = oc__event_wait(*before, err);
    oc__event_destroy(before);
    *before = mark;
    return status;
}

oc_status oc__exec_run_paced(oc_exec *exec, size_t last, bool waits, oc_error *err) {
    const oc_plan *plan = exec->plan;
    oc__event *before = NULL;
    double ahead = 0;
    size_t at = 0;
    oc_status status = look(exec, 0, err);
    for (size_t t = 0; t < plan->task_count && status == OC_OK && at < last; t++) {
        const oc__task *task = &plan->tasks[t];
        size_t end = OC_MIN(task->first_step + task->step_count, last);
        if (task->derived || end <= at)
            continue;
        status = oc__exec_run_steps(exec, at, end, err);
        at = end;
        ahead += task->seconds;
        if (status == OC_OK && waits && ahead > PIECE) {
            status = end_piece(exec, &before, err);
            ahead = 0;
        }
        if (status == OC_OK)
            status = look(exec, at, err);
    }
    oc__event_destroy(&before);
    return status == OC_OK ? oc__exec_run_steps(exec, at, last, err) : status;
}
