// The body of dense_kernels_*.cc, each of which compiles it for one width of vector unit, in an Eigen namespace of its own: one
// definition of a template must not serve two widths. Standard templates that both instantiate are inlined: `nm` shows no weak
// symbol outside Eigen's namespace in their objects.
#include <Eigen/QR>
#include <Eigen/SVD>

namespace emf {
namespace {

void factor(double* a, int64_t rows, int64_t columns) {
  Eigen::Map<Eigen::MatrixXd> matrix(a, rows, columns);
  const Eigen::HouseholderQR<Eigen::Ref<Eigen::MatrixXd>> factored(matrix);  // in place
}

double nuclear_norm_of_product(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns) {
  const Eigen::Map<const Eigen::MatrixXd> left(a, a_rows, columns), right(b, b_rows, columns);
  // Tall, as the decomposition likes it.
  Eigen::MatrixXd product;
  if (a_rows >= b_rows) {
    product.noalias() = left * right.transpose();
  } else {
    product.noalias() = right * left.transpose();
  }
  return Eigen::BDCSVD<Eigen::MatrixXd>(product).singularValues().sum();
}

}  // namespace
}  // namespace emf
