/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cpp/custom.hpp
 * Operators of the caller's own, with functions that are lambdas. Included by ocelli.hpp.
 */
#ifndef OCELLI_CPP_CUSTOM_HPP
#define OCELLI_CPP_CUSTOM_HPP

#include <functional>

#include <ocelli/cpp/graph.hpp>
#include <ocelli/custom.h>

namespace ocelli {

/** A gradient to be filled: oc_custom_gradient. */
class custom_gradient {
  public:
    explicit custom_gradient(oc_custom_gradient &raw) noexcept : raw_(raw) {}
    value in(size_t i) const { return raw_.in[i]; }
    value out(size_t i = 0) const { return raw_.out[i]; }
    /** The gradient of an output; null: none arrives. */
    value diff_out(size_t i = 0) const { return raw_.diff_out[i]; }
    bool wanted(size_t i) const { return raw_.wanted[i]; }
    template <class P> const P &params() const { return *static_cast<const P *>(raw_.params); }
    void set(size_t i, value diff) { raw_.diff_in[i] = diff; }
    /** As graph::add(). */
    template <class... P, class... A> value add(oc_value *(*function)(oc_graph *, P...), A &&...arguments) {
        oc_error reason = {};
        oc_value *made = function(raw_.graph, std::forward<A>(arguments)..., &reason);
        if (!made)
            detail::fail(reason);
        return made;
    }
    /** All of it, for the C functions. */
    oc_custom_gradient &raw() noexcept { return raw_; }

  private:
    oc_custom_gradient &raw_;
};

/** One way to compute an operator: oc_custom_kernel. Empty texts and zeros are its defaults. */
struct custom_kernel {
    std::string name, source, args = {}, types = {};
    /** Changes how it is launched; an exception is why it cannot be. */
    std::function<void(oc_custom_launch &, const oc_custom_problem &, const oc_custom_device &)> launch = {};
    int passes = 0;
    double share = 0;
};

/** What an operator is: oc_custom_params. Functions that fail throw; they may be called by several threads at once. */
struct custom_params {
    std::string name;
    std::vector<custom_kernel> kernels;
    std::function<void(oc_custom_shapes &)> shapes = {};
    std::function<void(const oc_custom_problem &, const double *const *in, double *const *out)> host = {};
    std::function<void(custom_gradient &)> gradient = {};
    size_t in_min = 0, in_max = 0, out_count = 0, params_size = 0;
    std::vector<oc_custom_field> fields = {};
    bool batched = false, exact = false;
    std::string unbatched = {};
    double flops = 0;
};

namespace detail {

/** Runs a function of the caller's; what it throws is told in the error. */
template <class F> oc_status told(oc_error *err, F &&work) noexcept {
#if defined(__cpp_exceptions)
    return attempt(std::forward<F>(work), err);
#else
    (void)err;
    work();
    return OC_OK;
#endif
}

inline const custom_params &custom_of(void *user) { return *static_cast<const custom_params *>(user); }

inline oc_status custom_shapes(oc_custom_shapes *shapes, oc_error *err) {
    return told(err, [&] { custom_of(shapes->user).shapes(*shapes); });
}
inline oc_status custom_host(const oc_custom_problem *problem, const double *const *in, double *const *out, oc_error *err) {
    return told(err, [&] { custom_of(problem->user).host(*problem, in, out); });
}
inline oc_status custom_derive(oc_custom_gradient *gradient, oc_error *err) {
    return told(err, [&] {
        custom_gradient shown(*gradient);
        custom_of(gradient->user).gradient(shown);
    });
}
inline oc_status custom_launch(oc_custom_launch *launch, const oc_custom_problem *problem, const oc_custom_device *device,
                               oc_error *err) {
    return told(err, [&] {
        for (const custom_kernel &one : custom_of(problem->user).kernels)
            if (one.name == launch->kernel)
                return one.launch(*launch, *problem, *device);
    });
}
inline void custom_release(void *user) { delete static_cast<custom_params *>(user); }

inline const char *text_or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

} // namespace detail

/** An operator of the caller's own: oc_custom. Graphs and plans that use it keep what they need. */
class custom_op : public handle<oc_custom, oc_custom_destroy> {
  public:
    custom_op() = default;
    custom_op(const context &in, const oc_custom_params &params) {
        make(std::make_tuple(in.owner()), oc_custom_create, in.get(), &params);
    }
    custom_op(const context &in, custom_params params) {
        auto kept = std::make_unique<custom_params>(std::move(params));
        std::vector<oc_custom_kernel> kernels;
        for (const custom_kernel &one : kept->kernels)
            kernels.push_back({one.name.c_str(), one.source.c_str(), detail::text_or_null(one.args),
                               detail::text_or_null(one.types), one.passes, one.share, one.launch ? detail::custom_launch : nullptr});
        oc_custom_params raw = {};
        raw.name = kept->name.c_str();
        raw.in_min = kept->in_min;
        raw.in_max = kept->in_max;
        raw.out_count = kept->out_count;
        raw.params_size = kept->params_size;
        raw.fields = kept->fields.data();
        raw.field_count = kept->fields.size();
        raw.batched = kept->batched;
        raw.unbatched = detail::text_or_null(kept->unbatched);
        raw.exact = kept->exact;
        raw.flops = kept->flops;
        raw.shapes = kept->shapes ? detail::custom_shapes : nullptr;
        raw.host = kept->host ? detail::custom_host : nullptr;
        raw.gradient = kept->gradient ? detail::custom_derive : nullptr;
        raw.kernels = kernels.data();
        raw.kernel_count = kernels.size();
        raw.user = kept.get();
        raw.release = detail::custom_release;
        make(std::make_tuple(in.owner()), oc_custom_create, in.get(), &raw);
        (void)kept.release(); /* the operator's now */
    }

    /** Adds a node, whose params are all zero. */
    value add(graph &to, const std::vector<value> &in) const { return all(to, nullptr, 0, in)[0]; }
    /** Adds a node. */
    template <class P> value add(graph &to, const P &params, const std::vector<value> &in) const {
        return all(to, &params, sizeof(params), in)[0];
    }
    /** Adds a node and gives all of its outputs; those behind the last are null. */
    std::array<value, OC_CUSTOM_OUTPUTS> all(graph &to, const void *params, size_t params_size,
                                             const std::vector<value> &in) const {
        std::vector<oc_value *> operands(in.begin(), in.end());
        std::array<oc_value *, OC_CUSTOM_OUTPUTS> made = {};
        (void)to.add(oc_graph_custom, get(), params, params_size, operands.data(), operands.size(), made.data());
        std::array<value, OC_CUSTOM_OUTPUTS> out;
        std::copy(made.begin(), made.end(), out.begin());
        return out;
    }
};

} // namespace ocelli

#endif
