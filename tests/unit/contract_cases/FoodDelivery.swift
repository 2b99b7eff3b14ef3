import ActivityKit
import BrazeKit
import SwiftUI
import WidgetKit

struct FoodDeliveryAttributes: ActivityAttributes, BrazeLiveActivityAttributes {
    struct ContentState: Codable, Hashable {
        enum Stage: String, Codable, Hashable {
            case received
            case cooking
            case onTheWay = "on_the_way"
            case delivered
        }

        var stage: Stage = .received
        var arrival: ClosedRange<Date>
        var courier: Courier?
        var total: Decimal
    }

    struct Courier: Codable, Hashable {
        var name: String
        var photo: URL?
        var rating: Float
    }

    let orderNumber: Int
    let restaurant: String
    var items: [String: Int]
    var brazeActivityId: String?
}

struct FoodDeliveryLiveActivity: Widget {
    var body: some WidgetConfiguration {
        ActivityConfiguration(for: FoodDeliveryAttributes.self) { context in
            HStack {
                Text(context.attributes.restaurant)
                ProgressView(timerInterval: context.state.arrival, countsDown: false)
            }
        } dynamicIsland: { context in
            DynamicIsland {
                DynamicIslandExpandedRegion(.leading) { Text("\(context.attributes.orderNumber)") }
            } compactLeading: {
                Image(systemName: "bag")
            } compactTrailing: {
                Text(timerInterval: context.state.arrival, countsDown: true)
            } minimal: {
                Image(systemName: "bag")
            }
        }
    }
}

extension FoodDeliveryAttributes {
    fileprivate static var preview: FoodDeliveryAttributes {
        FoodDeliveryAttributes(orderNumber: 1, restaurant: "Il Forno", items: [:])
    }
}

@available(iOS 17.0, *)
#Preview("Notification", as: .content, using: FoodDeliveryAttributes.preview) {
    FoodDeliveryLiveActivity()
} contentStates: {
    FoodDeliveryAttributes.ContentState(stage: .cooking, arrival: Date.now...Date.distantFuture, total: 9)
}
