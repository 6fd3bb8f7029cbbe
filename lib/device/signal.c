/* SPDX-License-Identifier: Apache-2.0 */
/* Events that threads of the host set: the fence between platforms. */
#include <stdatomic.h>

#include "device/device.h"

struct oc__signal {
    oc_context *context;
    pthread_mutex_t lock;
    pthread_cond_t set;
    bool done;
    oc_error error;
    atomic_uint users;
};

oc_status oc__signal_create(oc__signal **out, oc_context *context, oc_error *err) {
    oc__signal *signal = oc__alloc(context, sizeof(*signal));
    if (!signal)
        return oc__fail_memory(context, err, sizeof(*signal));
    signal->context = context;
    atomic_init(&signal->users, 1);
    pthread_mutex_init(&signal->lock, NULL);
    pthread_cond_init(&signal->set, NULL);
    *out = signal;
    return OC_OK;
}

oc__signal *oc__signal_retain(oc__signal *signal) {
    atomic_fetch_add(&signal->users, 1);
    return signal;
}

void oc__signal_release(oc__signal **handle) {
    oc__signal *signal = *handle;
    *handle = NULL;
    if (!signal || atomic_fetch_sub(&signal->users, 1) != 1)
        return;
    pthread_cond_destroy(&signal->set);
    pthread_mutex_destroy(&signal->lock);
    oc__free(signal->context, signal);
}

void oc__signal_set(oc__signal *signal, const oc_error *error) {
    pthread_mutex_lock(&signal->lock);
    if (error)
        signal->error = *error;
    signal->done = true;
    pthread_cond_broadcast(&signal->set);
    pthread_mutex_unlock(&signal->lock);
}

oc_status oc__signal_wait(oc__signal *signal, oc_error *err) {
    pthread_mutex_lock(&signal->lock);
    while (!signal->done)
        pthread_cond_wait(&signal->set, &signal->lock);
    oc_status status = signal->error.status;
    if (status != OC_OK && err)
        *err = signal->error;
    pthread_mutex_unlock(&signal->lock);
    return status;
}
