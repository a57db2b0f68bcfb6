// Reports of a measurement as JSON. Every name ends in its unit: _percent, _degrees, _px; lengths, areas and volumes are
// in the unit that "unit" names; what cannot be told (the volume of an open mesh) is null.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "optim/eval/evaluate.h"

namespace penumbra {

nlohmann::ordered_json toJson(const MeshQuality& quality);
nlohmann::ordered_json toJson(const EvalReport& report);  // with "mesh" and "reference", both as above
nlohmann::ordered_json toJson(const SilhouetteReport& report);

}  // namespace penumbra
