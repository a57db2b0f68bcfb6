// Every option of a fit, declared once. The table serves defaults, range checks, command-line flags and --help, the
// project file, the window's widgets with tooltips and reset, undo, the edit markers and README's parameter table.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renderer/coverage.h"

namespace penumbra {

enum class ViewPlacement { Fibonacci, Ring, SixAxes };
enum class StartShape { Auto, Sphere, Ellipsoid, Box, Convex, Hull, File };
enum class SolverKind { Auto, Newton, Gradient };
enum class ImageLoss { L2, L1, SoftIoU };
enum class Optimizer { Adam, AdamUniform, VectorAdam, SteadyAdam };
enum class RateUnit { Object, Pixels, Edges };       // of the learning rate: object radius 1, pixels, lengths of edges
enum class Remeshing { Auto, On, Off };
enum class ViewCorrecting { Auto, On, Off };
enum class Parameters { Positions, Differential };   // what the optimiser moves (Large Steps: u = (I + lambda L) x)
enum class LaplacianWeights { Uniform, Cotangent };
enum class Backend { Auto, Cpu, Cuda };

struct FitOptions {
  // Target (model)
  int views = 24;
  ViewPlacement placement = ViewPlacement::Fibonacci;
  double elevationMin = -90, elevationMax = 90;  // degrees
  double fieldOfView = 40;                       // degrees, shorter side
  int size = 256;                                // pixels a side
  int heldOutViews = 12;
  int seed = 0;
  // Target (dataset)
  int maxSize = 512, useEvery = 1, holdOutEvery = 8;
  bool invertMasks = false;
  // Start
  StartShape start = StartShape::Auto;
  std::string startMesh;                         // when start is File
  int sphereLevel = 4;                           // icosphere subdivisions: 10 * 4^n + 2 vertices
  int hullResolution = 128;                      // grid steps along the visual hull's longest side
  // Solver
  SolverKind solver = SolverKind::Auto;
  bool stopWhenConverged = true;
  double prior = 1;                              // weight of the thin plate, see optim/newton/thin_plate.h
  double robust = 2;                             // pixels; 0: off
  ViewCorrecting viewCorrection = ViewCorrecting::Auto;  // see optim/newton/view_correction.h
  bool coarseToFine = true;
  double finestTurn = 6;                         // degrees between faces that ask for the densest mesh, see optim/newton/newton_solver.h
  bool retopology = false;                       // another topology where the masks demand one, see optim/fit/mesh_care.h
  // Coverage
  CoverageModel coverage = CoverageModel::Contour;
  double sigma = 1e-4;
  double sigmaEnd = 1e-5;                        // sigma moves geometrically to this over `sigmaSteps`
  int sigmaSteps = 300;                          // 0: sigma stays
  bool softTarget = true;                        // soften the masks by the same profile
  // Optimiser
  int iterations = 500;
  Optimizer optimizer = Optimizer::AdamUniform;
  Parameters parameters = Parameters::Differential;
  double lambda = 5;
  double learningRate = 5e-2;
  RateUnit rateUnit = RateUnit::Object;
  double motionSmoothing = 0;                    // see optim/fit/gradient_solver.h
  double learningRateEnd = 0.03;                 // factor reached at the last planned iteration (geometric)
  double beta1 = 0.9, beta2 = 0.95;
  int viewsPerStep = 0;                          // 0: all
  // Remeshing; the limits hold for both solvers
  Remeshing remesh = Remeshing::Auto;
  int remeshEvery = 10;                          // steps
  double minEdge = 1.3, maxEdge = 30;            // pixels
  int maxFaces = 64000;
  // Loss
  ImageLoss loss = ImageLoss::L2;
  double silhouetteWeight = 1;
  // Regularisers
  double laplacian = 1e-4, normalConsistency = 0, edgeLength = 0;
  LaplacianWeights laplacianWeights = LaplacianWeights::Uniform;
  // Performance
  Backend backend = Backend::Auto;
  int threads = 0;                               // 0: one per processor
  bool operator==(const FitOptions&) const = default;
};

enum class OptionScale { Linear, Log, Integer, Toggle, Choice };
// When a change takes effect.
enum class OptionEffect {
  NextStep,  // at once, while running
  Reset,     // at the next Reset (start shape)
  Targets    // the masks are made anew, the mesh stays
};

struct Option {
  const char* name;    // snake_case; the flag is the same with dashes
  const char* group;   // heading in the window and in --help
  const char* label;   // in the window
  const char* unit;    // "" when it has none
  OptionScale scale;
  double min, max;     // inclusive
  OptionEffect effect;
  bool advanced;       // folded away in the window
  std::span<const char* const> choices;  // names, when scale is Choice
  const char* doc;     // one sentence
  double (*get)(const FitOptions&);
  void (*set)(FitOptions&, double);      // unchecked; use setOption
  // Whether it has any effect; to be asked with start and solver resolved (resolvedOptions, optim/fit/start_shapes.h).
  bool (*applies)(const FitOptions&);
};

// Groups whose options matter to one kind of input only.
inline constexpr const char* kModelGroup = "Target";
inline constexpr const char* kPhotoSetGroup = "Photo set";

// All options except `startMesh`, in the order the window shows them.
std::span<const Option> fitOptionTable();
const Option* findOption(std::string_view name);  // null when unknown; dashes and underscores are the same

// Sets one option after checking it. Throws Error(Usage): "learning_rate is 3, must be in [1e-06, 1]".
void setOption(FitOptions& options, const Option& option, double value);
// From text ("0.01", "true", "contour"). Throws Error(Usage) naming the accepted values.
void setOption(FitOptions& options, const Option& option, std::string_view text);
// As it would be typed: "0.01", "true", "contour". Independent of the locale, round-trips.
std::string optionText(const FitOptions& options, const Option& option);
// Checks all options together. Throws Error(Usage) listing every fault.
void checkOptions(const FitOptions& options);

// Differences from the defaults (or all options) as a JSON object text, and back. `start_mesh` is among them. Also
// reads a report, whose member "options" is such an object. Unknown names and bad values: Error(Usage).
std::string optionsToJson(const FitOptions& options, bool onlyDifferences = true);
FitOptions optionsFromJson(std::string_view json);

}  // namespace penumbra
