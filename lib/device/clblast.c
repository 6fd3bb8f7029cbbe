/* SPDX-License-Identifier: Apache-2.0 */
/* CLBlast's matrix product, where the library was built with its header and its library is there at run time: it is linked to the OpenCL
 * loader, without which programs shall start. */
#include "device/cl.h"

#ifdef OC_HAVE_CLBLAST

#include <clblast_c.h>
#include <dlfcn.h>
#include <string.h>

/* Of the process, as what dlopen() opens is. */
static struct {
    pthread_once_t once;
    __typeof__(&CLBlastSgemm) sgemm;
    __typeof__(&CLBlastSgemmStridedBatched) batched;
} clblast = {.once = PTHREAD_ONCE_INIT};

static void load(void) {
    void *library = dlopen("libclblast.so.1", RTLD_NOW | RTLD_LOCAL), *single, *batched;
    if (!library || !(single = dlsym(library, "CLBlastSgemm")) || !(batched = dlsym(library, "CLBlastSgemmStridedBatched")))
        return;
    memcpy(&clblast.sgemm, &single, sizeof single);
    memcpy(&clblast.batched, &batched, sizeof batched);
}

bool oc__clblast_available(void) {
    return pthread_once(&clblast.once, load) == 0 && clblast.batched;
}

static CLBlastStatusCode run(oc__queue *queue, const oc__gemm *g) {
    CLBlastTranspose ta = g->trans_a ? CLBlastTransposeYes : CLBlastTransposeNo;
    CLBlastTranspose tb = g->trans_b ? CLBlastTransposeYes : CLBlastTransposeNo;
    cl_command_queue handle = queue->handle;
    if (g->batch == 1)
        return clblast.sgemm(CLBlastLayoutRowMajor, ta, tb, (size_t)g->m, (size_t)g->n, (size_t)g->k, g->alpha, g->a->handle,
                             (size_t)g->a_offset, (size_t)g->lda, g->b->handle, (size_t)g->b_offset, (size_t)g->ldb, g->beta,
                             g->c->handle, (size_t)g->c_offset, (size_t)g->ldc, &handle, NULL);
    return clblast.batched(CLBlastLayoutRowMajor, ta, tb, (size_t)g->m, (size_t)g->n, (size_t)g->k, g->alpha, g->a->handle,
                           (size_t)g->a_offset, (size_t)g->lda, (size_t)g->a_stride, g->b->handle, (size_t)g->b_offset,
                           (size_t)g->ldb, (size_t)g->b_stride, g->beta, g->c->handle, (size_t)g->c_offset, (size_t)g->ldc,
                           (size_t)g->c_stride, (size_t)g->batch, &handle, NULL);
}

oc_status oc__clblast_sgemm(oc__queue *queue, const oc__gemm *gemm, oc_error *err) {
    oc_context *context = queue->device->context;
    if (!oc__clblast_available())
        return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "CLBlast (libclblast.so.1) is not there");
    if (!context->drivers->standard) /* CLBlast calls the standard loader, which may not know these handles */
        return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "CLBlast cannot be used with the OpenCL loader %s",
                        context->opencl);
    OC_TRY(oc__queue_enter(queue, err));
    CLBlastStatusCode code = run(queue, gemm);
    oc__queue_leave(queue);
    if (code == CLBlastSuccess)
        return OC_OK;
    if ((int)code > -100)
        return oc__fail_cl(context, err, NULL, "CLBlastSgemm", (cl_int)code);
    return oc__fail_native(context, err, code == CLBlastNotImplemented ? OC_ERROR_UNSUPPORTED : OC_ERROR_DEVICE, (int)code,
                           "CLBlastSgemm: CLBlast's error %d", (int)code);
}

#else

bool oc__clblast_available(void) {
    return false;
}

oc_status oc__clblast_sgemm(oc__queue *queue, const oc__gemm *gemm, oc_error *err) {
    (void)gemm;
    return oc__fail(queue->device->context, err, OC_ERROR_UNSUPPORTED, "this library was built without CLBlast");
}

#endif
