// The parts of the Gauss-Newton fit against their definitions, and one step against the energy it lowers.
#include "optim/newton/newton_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "optim/newton/step_guard.h"
#include "renderer/topology.h"
#include "tests/support/newton_problem.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

Topology topologyOf(const Mesh& mesh) { return buildTopology(int(mesh.positions.size()), mesh.faces); }

TEST(TargetField, tellsDistanceAndDirectionOfADisc) {
  const glm::vec2 centre(31.3f, 28.8f);
  Mask mask(64, 60);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 64; ++x) {
      const float d = 15 - glm::distance(glm::vec2(float(x) + 0.5f, float(y) + 0.5f), centre);
      mask.at(x, y) = std::clamp(d + 0.5f, 0.0f, 1.0f);
    }
  const TargetField field(mask);
  ASSERT_FALSE(field.empty());
  for (const float radius : {9.0f, 14.6f, 15.0f, 15.7f, 22.0f})
    for (float angle = 0; angle < 6; angle += 0.37f) {
      const glm::vec2 outward(std::cos(angle), std::sin(angle));
      const TargetField::Sample s = field.at(centre + radius * outward);
      EXPECT_NEAR(s.distance, 15 - radius, 0.12) << radius;  // the ramp's discretisation and bilinear interpolation
      EXPECT_GT(glm::dot(s.gradient, -outward), 0.9f);
    }
  EXPECT_TRUE(TargetField(Mask(8, 8)).empty());
}

TEST(TargetField, saysNothingFartherThanTheFrame) {
  Mask mask(40, 40);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 20; ++x) mask.at(x, y) = 1;  // runs into the frame on three sides
  const TargetField field(mask);
  EXPECT_NEAR(field.at({12, 20}).distance, 8, 0.01);
  EXPECT_NEAR(field.at({3, 20}).distance, 3, 0.01) << "an outline may lie just outside the frame";
  EXPECT_NEAR(field.at({12, 38.5f}).distance, 1.5, 0.01);
}

// E = 1/2 x B x by its definition, vertex by vertex.
double bendingByHand(const Topology& topology, const std::vector<glm::vec3>& x) {
  std::vector<glm::dvec3> sum(x.size(), glm::dvec3(0));
  std::vector<double> count(x.size(), 0);
  for (const glm::ivec2& e : topology.edges)
    for (const auto& [a, b] : {std::pair(e.x, e.y), std::pair(e.y, e.x)}) {
      sum[std::size_t(a)] += glm::dvec3(x[std::size_t(b)]);
      count[std::size_t(a)] += 1;
    }
  double energy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (count[i] == 0) continue;
    const glm::dvec3 u = glm::dvec3(x[i]) - sum[i] / count[i];
    energy += 0.5 * glm::dot(u, u);
  }
  return energy;
}

// B x by its two halves.
template <class Vec> std::vector<Vec> plateProduct(const ThinPlate& plate, const std::vector<Vec>& x) {
  std::vector<Vec> u(x.size()), product(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) u[i] = plate.umbrella(i, x);
  for (std::size_t i = 0; i < x.size(); ++i) product[i] = plate.product(i, u);
  return product;
}

TEST(ThinPlate, isTheSumOfSquaredUmbrellas) {
  for (const Mesh& mesh : {eggMesh(), torusMesh(30, 14)}) {
    Mesh more = mesh;
    more.positions.push_back({4, 4, 4});  // no face uses it
    const Topology topology = topologyOf(more);
    const ThinPlate plate(topology);
    std::vector<glm::vec3> other = more.positions;
    for (std::size_t i = 0; i < other.size(); ++i) other[i].x += 0.05f * std::sin(float(7 * i));
    for (const auto& x : {more.positions, other}) {
      const double wanted = bendingByHand(topology, x);
      EXPECT_NEAR(plate.energy(x), wanted, 1e-4 * wanted);  // umbrellas are small differences of floats
      const auto product = plateProduct(plate, x);
      double half = 0;
      for (std::size_t i = 0; i < x.size(); ++i) half += 0.5 * double(glm::dot(x[i], product[i]));
      EXPECT_NEAR(half, wanted, 1e-3 * wanted + 1e-6);
      EXPECT_EQ(product.back(), glm::vec3(0));
    }
  }
}

// The matrix is symmetric: rows picked out by unit vectors, on a mesh with borders too.
TEST(ThinPlate, isSymmetricAndKnowsItsDiagonal) {
  Mesh open = icosphere(1);
  open.faces.resize(open.faces.size() - 13);
  const Topology topology = topologyOf(open);
  const ThinPlate plate(topology);
  std::vector<std::vector<glm::vec3>> columns;
  for (std::size_t i = 0; i < open.positions.size(); ++i) {
    std::vector<glm::vec3> unit(open.positions.size(), glm::vec3(0));
    unit[i] = {1, 0, 0};
    columns.push_back(plateProduct(plate, unit));
    EXPECT_NEAR(columns[i][i].x, plate.diagonal()[i], 1e-6);
  }
  for (std::size_t i = 0; i < columns.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NEAR(columns[i][j].x, columns[j][i].x, 1e-6);
}

// A sheet of equilateral triangles with a bump that does not reach its border.
Mesh bumpySheet(int n) {
  Mesh sheet;
  const double h = 1.0 / (n - 1);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const double x = h * (i + 0.5 * (j % 2)) - 0.5, y = h * std::sqrt(0.75) * j - 0.43;
      sheet.positions.emplace_back(x, y, 0.2 * std::exp(-30 * (x * x + y * y)));
    }
  for (int j = 0; j + 1 < n; ++j)
    for (int i = 0; i + 1 < n; ++i) {
      const int a = j * n + i, c = a + n;
      if (j % 2 == 0) sheet.faces.insert(sheet.faces.end(), {{a, a + 1, c}, {a + 1, c + 1, c}});
      else sheet.faces.insert(sheet.faces.end(), {{a, c + 1, c}, {a, a + 1, c + 1}});
    }
  return sheet;
}

TEST(ThinPlate, doesNotDependOnDensity) {
  std::vector<double> energies;
  for (const int n : {33, 65, 129}) {
    const Mesh sheet = bumpySheet(n);
    std::vector<glm::vec3> height;
    for (const glm::vec3& p : sheet.positions) height.emplace_back(0, 0, p.z);
    const Topology topology = topologyOf(sheet);
    energies.push_back(plateWeight(topology, sheet.positions) * ThinPlate(topology).energy(height));
  }
  // The umbrella is the Laplacian up to terms of h^2; edges on the slope are longer than in the plane.
  EXPECT_NEAR(energies[1] / energies[0], 1, 0.05);
  EXPECT_NEAR(energies[2] / energies[1], 1, 0.02);
}

TEST(ThinPlate, leavesAFlatOpenSheetFlat) {
  Mesh sheet;
  const int n = 12;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) sheet.positions.emplace_back(0.1f * float(i), 0.1f * float(j), 0.3f);
  for (int j = 0; j + 1 < n; ++j)
    for (int i = 0; i + 1 < n; ++i) {
      const int a = j * n + i;
      sheet.faces.emplace_back(a, a + 1, a + n + 1);
      sheet.faces.emplace_back(a, a + n + 1, a + n);
    }
  const auto product = plateProduct(ThinPlate(topologyOf(sheet)), sheet.positions);
  // Nothing pulls the border inwards; only its four corners are bent.
  for (int i = 2; i + 2 < n; ++i) EXPECT_NEAR(glm::length(product[std::size_t(i)]), 0, 2e-6);
  for (std::size_t i = 0; i < product.size(); ++i) EXPECT_NEAR(product[i].z, 0, 1e-6);
}

TEST(StepGuard, capsLongMovesAndTurnsNoFaceOver) {
  const Mesh ball = icosphere(3);
  const Topology topology = topologyOf(ball);
  std::vector<glm::vec3> step(ball.positions.size(), glm::vec3(0));
  for (std::size_t i = 0; i < step.size(); ++i)
    step[i] = 0.3f * glm::vec3(std::sin(float(5 * i)), std::cos(float(3 * i)), std::sin(float(11 * i + 2)));
  const GuardReport report = guardStep(topology, ball.positions, 0.5f, step);
  EXPECT_GT(report.capped, 0);
  EXPECT_GT(report.halved, 0);
  for (const Face& f : ball.faces) {
    glm::vec3 before[3], after[3];
    for (int k = 0; k < 3; ++k) {
      const std::size_t v = std::size_t(f[k]);
      before[k] = ball.positions[v];
      after[k] = before[k] + step[v];
    }
    EXPECT_GT(glm::dot(glm::cross(before[1] - before[0], before[2] - before[0]), glm::cross(after[1] - after[0], after[2] - after[0])), 0);
  }
  std::vector<glm::vec3> small(ball.positions.size(), glm::vec3(1e-3f, 0, 0));
  guardStep(topology, ball.positions, 0.5f, small);
  for (const glm::vec3& s : small) EXPECT_EQ(s, glm::vec3(1e-3f, 0, 0)) << "moves of all together are left alone";
}

// The gradient that the normal equations are built from is that of the energy which decides about steps.
TEST(NewtonStep, itsGradientIsThatOfTheEnergy) {
  ThreadPool pool(2);
  const FitOptions options = smallNewtonOptions();
  const auto views = std::make_shared<const ViewSet>(makeViewSet(eggMesh(), "egg", options, pool));
  // Slightly larger than the target everywhere, so that samples lie clear of the target's outline.
  Mesh mesh = *views->reference;
  for (glm::vec3& p : mesh.positions) p *= 1.04f;
  const Topology topology = topologyOf(mesh);
  const auto fields = makeTargetFields(views->train, pool);
  OutlineTracer<float> tracer(pool);
  std::vector<CameraT<float>> cameras;
  for (const View& view : views->train) cameras.emplace_back(view.camera);
  std::vector<ViewOutline<float>> outlines;
  const auto energyAt = [&](const std::vector<glm::vec3>& positions, std::vector<std::vector<ContourTerm>>* keep) {
    const MeshRef<float> ref{positions, &topology};
    tracer.trace(ref, cameras, {}, outlines);
    double energy = 0;
    std::vector<ContourTerm> terms;
    for (std::size_t v = 0; v < cameras.size(); ++v) {
      energy += makeContourTerms(ref, cameras[v], outlines[v], fields[v], {}, terms).energy;
      if (keep) keep->push_back(terms);
    }
    return energy;
  };
  std::vector<std::vector<ContourTerm>> terms;
  energyAt(mesh.positions, &terms);
  // Growth along the radius: all outlines move outward, the same way that the rows say.
  double predicted = 0;
  const double h = 2e-3;
  for (const auto& view : terms)
    for (const ContourTerm& term : view)
      for (int i = 0; i < term.count; ++i)
        predicted -= double(glm::dot(term.pull[i], mesh.positions[std::size_t(term.vertex[i])]));
  auto larger = mesh.positions, smaller = mesh.positions;
  for (glm::vec3& p : larger) p *= float(1 + h);
  for (glm::vec3& p : smaller) p *= float(1 - h);
  const double change = (energyAt(larger, nullptr) - energyAt(smaller, nullptr)) / (2 * h);
  // The outline also grows in length, which Gauss-Newton leaves out: a few per cent here.
  EXPECT_GT(predicted, 0);
  EXPECT_NEAR(change / predicted, 1, 0.1);
}

// One sample with rows a_k, as makeContourTerms would sum it.
ContourTerm oneSample(std::vector<int> vertices, std::vector<glm::vec3> rows, float residual, float weight) {
  ContourTerm term;
  term.count = int(vertices.size());
  for (int k = 0; k < term.count; ++k) {
    term.vertex[k] = vertices[std::size_t(k)];
    term.diagonal[k] = {};
    addOuter(term.diagonal[k], rows[std::size_t(k)], weight);
    term.pull[k] = weight * residual * rows[std::size_t(k)];
  }
  for (int p = 0; p < term.count * (term.count - 1) / 2; ++p)
    term.pair[p] = weight * glm::outerProduct(rows[std::size_t(kTermPairs[p][0])], rows[std::size_t(kTermPairs[p][1])]);
  return term;
}

TEST(NormalEquations, conjugateGradientsSolveThem) {
  ThreadPool pool(2);
  const Mesh ball = icosphere(3);
  const Topology topology = topologyOf(ball);
  const ThinPlate plate(topology);
  struct Sample {
    std::vector<int> vertices;
    std::vector<glm::vec3> rows;
    float residual, weight;
  };
  std::vector<Sample> samples;
  for (std::size_t e = 0; e < topology.edges.size(); e += 3) {
    const glm::ivec2 edge = topology.edges[e];
    const glm::vec3 n = glm::normalize(ball.positions[std::size_t(edge.x)] + glm::vec3(0.2f, 0, 0.1f));
    samples.push_back({{edge.x, edge.y}, {0.3f * n, 0.7f * n}, 0.01f * std::sin(float(e)), 0.5f});
    if (e % 2) samples.push_back({{edge.y, edge.x}, {0.6f * n, 0.4f * n}, 0.02f, 0.7f});  // the same edge, the other way
    if (e % 5 == 0) {
      const Face f = ball.faces[e % ball.faces.size()];
      samples.push_back({{f.x, f.y, f.z}, {n, 0.5f * n + glm::vec3(0, 0.1f, 0), glm::vec3(0.1f, 0, 0.2f)}, -0.03f, 0.3f});
    }
  }
  std::vector<std::vector<ContourTerm>> terms(2);
  for (std::size_t i = 0; i < samples.size(); ++i)
    terms[i % 2].push_back(oneSample(samples[i].vertices, samples[i].rows, samples[i].residual, samples[i].weight));
  const double prior = 0.7, damping = 0.05;
  NormalEquations equations(pool);
  equations.build(plate, ball.positions, terms, {prior, damping});
  std::vector<glm::vec3> step;
  EXPECT_LT(equations.solve(2000, 1e-6, step).residual, 1e-6);
  // A d and g, put together sample by sample.
  std::vector<glm::dvec3> left(ball.positions.size(), glm::dvec3(0)), right = left;
  const auto ofStep = plateProduct(plate, step), ofBall = plateProduct(plate, ball.positions);
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = prior * (glm::dvec3(ofStep[i]) + damping * double(plate.diagonal()[i]) * glm::dvec3(step[i]));
    right[i] = -prior * glm::dvec3(ofBall[i]);
  }
  for (const Sample& s : samples) {
    double moved = 0;
    for (std::size_t k = 0; k < s.rows.size(); ++k) moved += double(glm::dot(s.rows[k], step[std::size_t(s.vertices[k])]));
    for (std::size_t k = 0; k < s.rows.size(); ++k) {
      const std::size_t v = std::size_t(s.vertices[k]);
      const double own = damping * double(glm::dot(s.rows[k], step[v]));
      left[v] += double(s.weight) * (moved + own) * glm::dvec3(s.rows[k]);
      right[v] += double(s.weight) * double(s.residual) * glm::dvec3(s.rows[k]);
    }
  }
  double error = 0, size = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    error += glm::dot(left[i] - right[i], left[i] - right[i]);
    size += glm::dot(right[i], right[i]);
  }
  EXPECT_LT(std::sqrt(error / size), 1e-4);  // matrix and vectors are floats
}

TEST(NewtonStep, neverRaisesTheEnergy) {
  for (const double robust : {0.0, 2.0}) {
    FitOptions o = smallNewtonOptions();
    o.size = 128;
    NewtonProblem p(eggMesh(), o);
    Mesh mesh = makeStartMesh(p.options, *p.views, p.pool);
    const Topology topology = topologyOf(mesh);
    NewtonStepper stepper(p.views, p.pool);
    NewtonSettings settings;
    settings.contour.robust = robust;
    double damping = 1e-3, last = 0;
    int accepted = 0;
    for (int i = 0; i < 10; ++i) {
      const NewtonReport report = stepper.step(mesh.positions, topology, settings, damping);
      EXPECT_LE(report.energy(), report.before);
      accepted += report.accepted;
      if (i == 0) last = report.before;
    }
    EXPECT_GE(accepted, 7);  // it has all but converged by then
    EXPECT_LT(stepper.step(mesh.positions, topology, settings, damping).energy(), 0.75 * last);
  }
}

// With moves that are far too long, so that attempts are refused; cameras fixed and free.
TEST(NewtonStep, whatItKeepsIsWhatItWouldSeeAnew) {
  for (const double viewPrior : {0.0, 0.1}) {
    FitOptions o = smallNewtonOptions();
    o.size = 96;
    NewtonProblem p(eggMesh(), o);
    const Mesh start = makeStartMesh(p.options, *p.views, p.pool);
    const Topology topology = topologyOf(start);
    NewtonStepper keeping(p.views, p.pool), forgetting(p.views, p.pool);
    NewtonSettings settings;
    settings.maxEdges = 20;
    settings.prior = 30;
    settings.viewPrior = viewPrior;
    std::vector<glm::vec3> a = start.positions, b = a;
    double dampingA = 1e-3, dampingB = dampingA;
    int refused = 0, whollyRefused = 0;
    for (int i = 0; i < 12; ++i) {
      if (i % 4 == 3) settings.contour.clip *= 0.5;
      const NewtonReport kept = keeping.step(a, topology, settings, dampingA);
      forgetting.forget();
      const NewtonReport seen = forgetting.step(b, topology, settings, dampingB);
      EXPECT_TRUE(sameBits(a, b)) << i;
      EXPECT_EQ(dampingA, dampingB);
      EXPECT_EQ(kept.energy(), seen.energy());
      EXPECT_EQ(kept.trainIoU, seen.trainIoU);
      EXPECT_EQ(keeping.viewIoU(), forgetting.viewIoU());
      refused += kept.attempts > 1;
      whollyRefused += !kept.accepted;
    }
    EXPECT_GT(refused, 0) << "nothing was tested";
    std::printf("             %d steps refused at first, %d wholly\n", refused, whollyRefused);
  }
}

}  // namespace
}  // namespace penumbra
