// In which axes and units, and with how many faces at most, a mesh is written.
//
//   x_file = scale * R x_input      R the rotation of least angle that takes the input's upward axis to the wanted one
// The input's upward axis is the coordinate axis nearest to the direction found to be up (ViewSet::up: +y of a model,
// guessed from the cameras of photos). So R permutes and negates coordinates only: the numbers stay exact.
//   y up to z up: (x, y, z) -> (x, -z, y)      z up to y up: (x, y, z) -> (x, z, -y)
#pragma once
#include <optional>
#include <string_view>

#include <glm/glm.hpp>

namespace penumbra {

enum class UpAxis { AsInput, Y, Z };

struct ExportFrame {
  UpAxis up = UpAxis::AsInput;
  double scale = 1;               // file units a unit of the input
  int mostFaces = 0;              // more are decimated (optim/remesh/decimate.h); 0: all are written
  bool operator==(const ExportFrame&) const = default;
};

inline constexpr int kFewestExportFaces = 4, kMostExportFaces = 100000000;
inline constexpr double kLeastExportScale = 1e-6, kMostExportScale = 1e6;

const char* upAxisName(UpAxis up);                            // "input", "y", "z"
std::optional<UpAxis> upAxisNamed(std::string_view name);

// R above. `inputUp` need not have length 1; 0 counts as +y.
glm::dmat3 exportRotation(UpAxis up, const glm::dvec3& inputUp);

}  // namespace penumbra
