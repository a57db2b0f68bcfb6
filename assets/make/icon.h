// The application's icon: a faceted ball that the light leaves softly, from bright through half-shadow into the dark.
#pragma once
#include <string>

namespace penumbra::assets {

std::string iconSvg();

}  // namespace penumbra::assets
