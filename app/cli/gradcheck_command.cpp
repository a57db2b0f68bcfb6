#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/text.h"
#include "optim/io/mesh_io.h"
#include "optim/targets/targets.h"
#include "renderer/gradient_check.h"

namespace penumbra {
namespace {

constexpr double kLeastCosine = 0.999, kMostError = 1e-3;

struct NamedModel {
  CoverageModel model;
  const char* name;
};

MeshT<double> normalisedModel(const GradientCheckArguments& a, ThreadPool& pool) {
  FitOptions few = a.options;
  few.heldOutViews = 0;
  const ViewSet views = makeViewSet(readMesh(a.input), a.input.stem().string(), few, pool);
  MeshT<double> mesh;
  mesh.faces = views.reference->faces;
  for (const auto& p : views.reference->positions) mesh.positions.emplace_back(p);
  return mesh;
}

std::vector<std::string> row(const std::string& name, const GradientAgreement& g) {
  const bool good = g.cosine > kLeastCosine && g.medianRelativeError <= kMostError;
  return {name, std::to_string(g.count), fixedText(g.cosine, 9), shortText(g.medianRelativeError, 2), good ? "ok" : "DIFFERS"};
}

}  // namespace

ExitCode runGradientCheck(const GradientCheckArguments& a) {
  requireInput(a.input);
  ThreadPool pool(a.options.threads);
  const MeshT<double> mesh = normalisedModel(a, pool);
  const std::vector<Camera> cameras = placeCameras(a.options);

  std::vector<std::vector<std::string>> table = {{"gradient of", "entries", "cosine", "median relative error", ""}};
  for (const NamedModel& named : {NamedModel{CoverageModel::Contour, "contour"}, {CoverageModel::SoftRas, "softras"}}) {
    CoverageOptions coverage;
    coverage.model = named.model;
    coverage.sigma = a.options.sigma;
    GradientCheckOptions check;
    check.samples = a.samples;
    check.seed = std::uint64_t(a.options.seed);
    const GradientCheck result = checkGradients(pool, mesh, cameras, coverage, check);
    table.push_back(row(std::string(named.name) + ", positions", result.positions));
    table.push_back(row(std::string(named.name) + ", cameras", result.cameras));
  }
  std::cout << cameras.size() << " views of " << a.options.size << " x " << a.options.size << " pixels, sigma "
            << shortText(a.options.sigma) << ", " << mesh.faces.size() << " faces, double precision\n\n"
            << tableText(table) << std::flush;
  for (const auto& line : table)
    if (line.back() == "DIFFERS")
      throw Error(ExitCode::Numeric, "gradcheck: gradients differ from central differences (wanted: cosine > " +
                                         shortText(kLeastCosine) + ", median relative error <= " +
                                         shortText(kMostError) + ").");
  return ExitCode::Ok;
}

}  // namespace penumbra
