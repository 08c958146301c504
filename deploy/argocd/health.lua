-- The health of an Agent, a Booking or a CalendarIntegration, for Argo CD, which knows no rules of kstatus. The order matters: what was
-- suspended stands still on purpose; a status about an older spec says nothing of this one; then what the conditions say.
local function condition(type)
  local status = obj.status or {}
  for _, one in ipairs(status.conditions or {}) do
    if one.type == type then
      return one
    end
  end
  return nil
end

local function holds(one)
  return one ~= nil and one.status == "True"
end

local ready = condition("Ready")
local message = ready ~= nil and ready.message or "Nobody has looked at it yet."

if obj.spec ~= nil and obj.spec.suspend then
  return {status = "Suspended", message = "spec.suspend is true: nothing is read."}
end

local observed = obj.status ~= nil and obj.status.observedGeneration or -1
local generation = obj.metadata ~= nil and obj.metadata.generation or observed
if observed ~= generation then
  return {status = "Progressing", message = "The operator has not looked at this version yet."}
end

if holds(condition("Stalled")) then
  return {status = "Degraded", message = message}
end
if holds(condition("Reconciling")) then
  return {status = "Progressing", message = message}
end
if holds(ready) then
  return {status = "Healthy", message = message}
end
return {status = "Progressing", message = message}
