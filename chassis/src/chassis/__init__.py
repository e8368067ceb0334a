"""What every Meridian service stands on; it knows no word of the business.

Reading order: `service` (a service as a whole), `transactions` and `aggregates`
(a command, from load to journal), `relay` and `generations` (journal to broker),
`inbox` and `consumers` (broker to effect), `web` (HTTP habits), `identity` and
`access` (who may see what), `settings` and `telemetry`.
"""
