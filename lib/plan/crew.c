/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/crew.h"

#include <signal.h>
#include <unistd.h>

typedef struct worker {
    oc__crew *crew;
    pthread_t thread;
    pthread_cond_t wake;
    bool busy; /* at a job, or a caller does its jobs */
    oc__job *jobs; /* a ring */
    size_t first, count, capacity;
} worker;

struct oc__crew {
    oc_context *context;
    pthread_mutex_t lock;
    worker *workers;
    size_t count, started;
    bool ending, abandoned;
};

static bool grow(oc__crew *crew, worker *w) {
    size_t capacity = w->capacity ? w->capacity * 2 : 16;
    oc__job *jobs = oc__alloc_array(crew->context, capacity, sizeof(*jobs));
    if (!jobs)
        return false;
    for (size_t i = 0; i < w->count; i++)
        jobs[i] = w->jobs[(w->first + i) % w->capacity];
    oc__free(crew->context, w->jobs);
    w->jobs = jobs;
    w->first = 0;
    w->capacity = capacity;
    return true;
}

static void *work(void *user) {
    worker *w = user;
    oc__crew *crew = w->crew;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (w->busy || (!w->count && !crew->ending))
            pthread_cond_wait(&w->wake, &crew->lock);
        if (!w->count)
            break;
        oc__job job = w->jobs[w->first];
        w->first = (w->first + 1) % w->capacity;
        w->count--;
        w->busy = true;
        pthread_mutex_unlock(&crew->lock);
        job.run(job.user, job.index);
        pthread_mutex_lock(&crew->lock);
        w->busy = false;
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* The workers take no signals: those are the host program's. */
static oc_status start(oc__crew *crew, size_t count, oc_error *err) {
    sigset_t all, before;
    int code = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; crew->started < count && code == 0; crew->started += code == 0) {
        crew->workers[crew->started].crew = crew;
        code = pthread_create(&crew->workers[crew->started].thread, NULL, work, &crew->workers[crew->started]);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? OC_OK : oc__fail_native(crew->context, err, OC_ERROR_LIMIT, code, "a thread could not be started");
}

oc_status oc__crew_create(oc__crew **out, oc_context *context, size_t workers, oc_error *err) {
    oc__crew *crew = oc__alloc(context, sizeof(*crew));
    if (!crew || !(crew->workers = oc__alloc_array(context, workers, sizeof(worker)))) {
        oc__free(context, crew);
        return oc__fail_memory(context, err, workers * sizeof(worker));
    }
    crew->context = context;
    crew->count = workers;
    pthread_mutex_init(&crew->lock, NULL);
    for (size_t k = 0; k < workers; k++)
        pthread_cond_init(&crew->workers[k].wake, NULL);
    oc_status status = start(crew, workers, err);
    if (status == OC_OK)
        *out = crew;
    else
        oc__crew_destroy(&crew);
    return status;
}

/* Room for so many more jobs of each worker: all of them or none. */
static bool make_room(oc__crew *crew, const oc__job *jobs, size_t count) {
    bool room = true;
    for (size_t k = 0; k < crew->count; k++) {
        size_t wanted = crew->workers[k].count;
        for (size_t i = 0; i < count; i++)
            wanted += jobs[i].worker == k;
        while (room && wanted > crew->workers[k].capacity)
            room = grow(crew, &crew->workers[k]);
    }
    return room;
}

oc_status oc__crew_submit(oc__crew *crew, const oc__job *jobs, size_t count, size_t own, bool *claimed, oc_error *err) {
    pthread_mutex_lock(&crew->lock);
    bool room = make_room(crew, jobs, count);
    *claimed = *claimed && room && !crew->workers[own].busy && !crew->workers[own].count;
    if (*claimed)
        crew->workers[own].busy = true;
    for (size_t i = 0; room && i < count; i++) {
        worker *w = &crew->workers[jobs[i].worker];
        if (*claimed && jobs[i].worker == own)
            continue;
        w->jobs[(w->first + w->count++) % w->capacity] = jobs[i];
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&crew->lock);
    return room ? OC_OK : oc__fail_memory(crew->context, err, count * sizeof(*jobs));
}

void oc__crew_return(oc__crew *crew, size_t worker) {
    pthread_mutex_lock(&crew->lock);
    crew->workers[worker].busy = false;
    pthread_cond_signal(&crew->workers[worker].wake);
    pthread_mutex_unlock(&crew->lock);
}

void oc__crew_abandon(oc__crew *crew) {
    pthread_mutex_lock(&crew->lock);
    crew->abandoned = true;
    pthread_mutex_unlock(&crew->lock);
}

void oc__crew_destroy(oc__crew **handle) {
    if (!handle || !*handle)
        return;
    oc__crew *crew = *handle;
    *handle = NULL;
    if (crew->context->owner_process != (long)getpid())
        return; /* a forked child has no workers to wait for */
    pthread_mutex_lock(&crew->lock);
    crew->ending = true;
    bool abandoned = crew->abandoned;
    for (size_t k = 0; k < crew->count; k++)
        pthread_cond_signal(&crew->workers[k].wake);
    pthread_mutex_unlock(&crew->lock);
    if (abandoned)
        return; /* a worker may come back at any time and needs all this */
    for (size_t i = 0; i < crew->started; i++)
        pthread_join(crew->workers[i].thread, NULL);
    for (size_t i = 0; i < crew->count; i++) {
        oc__free(crew->context, crew->workers[i].jobs);
        pthread_cond_destroy(&crew->workers[i].wake);
    }
    pthread_mutex_destroy(&crew->lock);
    oc__free(crew->context, crew->workers);
    oc__free(crew->context, crew);
}
