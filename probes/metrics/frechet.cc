// Frechet distance between two sets of features, by the nuclear norm: exact at any rank and scale, N < D and
// D = 1 included.
//
// With A, B the centred sets over sqrt(N - 1), tr sqrt(S_a S_b) is the sum of the singular values of A B^T:
// no matrix root, no eps. Eigenvalues of the product, as other scorers take them, lose half of the digits at
// low rank.
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

/// Below this many pictures the upward bias of the distance (about c / N) is no longer small.
constexpr int64_t kSmall = 2000;

struct Side {
  Eigen::RowVectorXd mean;
  Eigen::MatrixXd root;  // root^T root = covariance; at most D rows
  double trace = 0;      // of the covariance
};

Side side_of(const RowMatrixMap& features) {
  Side side;
  // Centred on the first row before the mean is taken: a mean of 1e4 must not eat the digits of a variance
  // of 1.
  const Eigen::RowVectorXd origin = features.row(0);
  side.root = features.rowwise() - origin;
  const Eigen::RowVectorXd shift = side.root.colwise().mean();
  side.mean = origin + shift;
  side.root.rowwise() -= shift;
  side.root /= std::sqrt(static_cast<double>(features.rows() - 1));
  side.trace = side.root.squaredNorm();
  if (side.root.rows() > side.root.cols()) {
    const Eigen::HouseholderQR<Eigen::Ref<Eigen::MatrixXd>> factored(side.root);  // in place
    const Eigen::MatrixXd upper =
        factored.matrixQR().topRows(side.root.cols()).template triangularView<Eigen::Upper>();
    side.root = upper;
  }
  return side;
}

double nuclear_norm_of_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  const Eigen::MatrixXd product =
      a.rows() >= b.rows() ? Eigen::MatrixXd(a * b.transpose()) : Eigen::MatrixXd(b * a.transpose());
  if (!product.allFinite()) return std::numeric_limits<double>::infinity();
  return Eigen::BDCSVD<Eigen::MatrixXd>(product).singularValues().sum();
}

class Frechet : public Metric {
 public:
  bool higher_is_better() const override { return false; }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    Config config;
    config.values = input.options;
    config.origin = "frechet options";
    ConfigReader reader(config, "");
    const std::string name = reader.text("name", "frechet");
    reader.finish();
    const FeaturePair pair = checked_pair(input, name, 2);
    const Side real = side_of(pair.real), generated = side_of(pair.generated);
    const double mean_term = (real.mean - generated.mean).squaredNorm();
    const double root_term = nuclear_norm_of_product(real.root, generated.root);
    MetricValue value = feature_value(pair, name, mean_term + (real.trace + generated.trace - 2 * root_term));
    value.value = std::max(0.0, *value.value);  // rounding may leave -1e-14 where the distance is zero
    value.identity["estimator"] = "frechet, covariance over N - 1, nuclear norm";
    value.details["mean_term"] = mean_term;
    value.details["trace_real"] = real.trace;
    value.details["trace_generated"] = generated.trace;
    value.details["trace_root"] = root_term;
    if (std::min(pair.real.rows(), pair.generated.rows()) < kSmall) value.warnings.emplace_back("small_n");
    return {value};
  }
};

EMF_REGISTER(MetricRegistry, "frechet", "Frechet distance between two sets of features (nuclear-norm form)",
             std::make_unique<Frechet>);

}  // namespace
}  // namespace emf
