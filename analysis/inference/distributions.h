#pragma once

/// Quantiles and tails of the distributions that intervals are made of.
namespace benchd::analysis {

/// `p` between 0 and 1, both excluded.
double normal_quantile(double p);
double student_t_quantile(double p, double degrees);

}  // namespace benchd::analysis
