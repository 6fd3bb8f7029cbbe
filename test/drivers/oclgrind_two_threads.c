/* SPDX-License-Identifier: Apache-2.0 */
/* Oclgrind 21.10: "oclgrind::Context::notifyKernelBegin: Assertion `m_kernelInvocation == NULL' failed", SIGABRT.
 *
 * A context knows the one kernel that is being computed, and a thread that waits for its queue computes what is in it. Two queues of one
 * context, a thread each.
 *
 * The library lets one thread at a time launch there, and wait until that is computed (lib/device/queue.c). */
#include "reproducer.h"

#include <pthread.h>

static void *work(void *kernel) {
    cl_command_queue own = clCreateCommandQueue(context, device, 0, NULL);
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096, NULL, NULL);
    size_t items = 1024;
    clSetKernelArg(kernel, 0, sizeof(buffer), &buffer);
    for (int i = 0; i < 50; i++) {
        clEnqueueNDRangeKernel(own, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
        clFinish(own);
    }
    clReleaseMemObject(buffer);
    clReleaseCommandQueue(own);
    return NULL;
}

int main(void) {
    static const char source[] = "__kernel void count(__global int *x) { for (int i = 0; i < 10; i++) x[get_global_id(0)] += i; }";
    pthread_t threads[2];
    open_driver("Oclgrind");
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, work, build(source, "count"));
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return verdict(0, "");
}
